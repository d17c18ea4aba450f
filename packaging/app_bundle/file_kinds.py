"""The kinds of files that the program is offered for, in macOS's names for them. Standard library only.

Source: Apple's UTCoreTypes.h and the list of CoreTypes.bundle; kinds that these may lack are declared, under the names
that players of them use, and under names of our own where an ending has none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Declaration:
    """What a kind is, for a system that does not know it.

    Attributes:
        description: What the Finder calls it.
        conforms_to: The kinds that it is one of.
        mime_types: What servers call it.
    """

    description: str
    conforms_to: tuple[str, ...]
    mime_types: tuple[str, ...]


@dataclass(frozen=True)
class FileKind:
    """One kind of file.

    Attributes:
        identifier: Its uniform type identifier.
        endings: Of its files, without the dot.
        declared: What macOS must be told about a kind that it may not know, or None of one that it knows.
    """

    identifier: str
    endings: tuple[str, ...]
    declared: Declaration | None = None


@dataclass(frozen=True)
class Document:
    """A group of kinds that the program opens in one way.

    Attributes:
        name: What the Finder calls the group.
        families: Kinds that stand for all that belong to them, whoever named these.
        kinds: The kinds that the program reads.
    """

    name: str
    families: tuple[str, ...]
    kinds: tuple[FileKind, ...] = ()

    @property
    def content_types(self) -> tuple[str, ...]:
        """All identifiers of the group, each once."""
        return tuple(dict.fromkeys((*self.families, *(kind.identifier for kind in self.kinds))))


_PICTURES = (
    FileKind("public.jpeg", ("jpg", "jpeg", "jpe")),
    FileKind(
        "org.viewfinder.jfif", ("jfif",), Declaration("JPEG image", ("public.jpeg", "public.image"), ("image/jpeg",))
    ),
    FileKind("public.mpo-image", ("mpo",)),
    FileKind("public.png", ("png",)),
    FileKind(
        "org.viewfinder.apng",
        ("apng",),
        Declaration("Animated PNG image", ("public.png", "public.image"), ("image/apng",)),
    ),
    FileKind("org.webmproject.webp", ("webp",)),
    FileKind("com.compuserve.gif", ("gif",)),
    FileKind("com.microsoft.bmp", ("bmp",)),
    FileKind(
        "org.viewfinder.dib",
        ("dib",),
        Declaration("Windows bitmap image", ("com.microsoft.bmp", "public.image"), ("image/bmp",)),
    ),
    FileKind("public.tiff", ("tif", "tiff")),
    FileKind("public.heic", ("heic",)),
    FileKind("public.heif", ("heif",)),
    FileKind(
        "org.viewfinder.hif", ("hif",), Declaration("HEIF image", ("public.heif", "public.image"), ("image/heif",))
    ),
    FileKind("public.avif", ("avif",)),
)
_VIDEOS = (
    FileKind("public.mpeg-4", ("mp4",)),
    FileKind("com.apple.m4v-video", ("m4v",)),
    FileKind("com.apple.quicktime-movie", ("mov",)),
    FileKind("org.matroska.mkv", ("mkv",), Declaration("Matroska video", ("public.movie",), ("video/x-matroska",))),
    FileKind("org.webmproject.webm", ("webm",), Declaration("WebM video", ("public.movie",), ("video/webm",))),
    FileKind("public.avi", ("avi",)),
    FileKind("public.mpeg", ("mpg", "mpeg")),
    FileKind("public.mpeg-2-transport-stream", ("ts",)),
    FileKind("public.avchd-mpeg-2-transport-stream", ("m2ts",)),
    FileKind("org.xiph.ogv", ("ogv",), Declaration("Ogg video", ("public.movie",), ("video/ogg",))),
    FileKind("public.3gpp", ("3gp",)),
)
DOCUMENTS = (
    Document("Image", ("public.image",), _PICTURES),
    Document("Video", ("public.movie",), _VIDEOS),
    Document("Folder", ("public.folder",)),
)
"""What the program opens. No PDF: it cannot read one yet."""
KINDS = (*_PICTURES, *_VIDEOS)
