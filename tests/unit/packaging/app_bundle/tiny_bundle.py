"""A bundle of a few kilobytes in which everything is as it should be, signed and sealed without a Mac."""

from __future__ import annotations

import hashlib
import os
import plistlib
import struct
from pathlib import Path

from info_plist import info_plist
from mach_o import is_mach_o, read_mach_o
from tiny_mach_o import TinyImport, TinyMachO

KERNELS = b"MTLB\0air64_v26-apple-macosx14.0.0\0"
MLX = TinyMachO(kind="dylib", identity="@rpath/libmlx.dylib", is_signed=True)
EXTENSION = TinyMachO(
    libraries=("/usr/lib/libc++.1.dylib", "@rpath/libmlx.dylib"),
    rpaths=("@loader_path/..",),
    imports=(TinyImport("__ZNSt3__112__next_primeEm", 1),),
    is_signed=True,
)


def icns(*kinds: bytes) -> bytes:
    """An icon file with a picture of each kind, without any picture's content."""
    body = b"".join(struct.pack(">4sI", kind, 12) + b"none" for kind in kinds)
    return b"icns" + struct.pack(">I", len(body) + 8) + body


def make_bundle(app: Path) -> Path:
    """Writes the bundle, sealed; gives its folder Contents."""
    contents = app / "Contents"
    frameworks, resources = contents / "Frameworks", contents / "Resources"
    for folder in (contents / "MacOS", frameworks / "mlx" / "lib", resources / "mlx" / "lib"):
        folder.mkdir(parents=True)
    properties = {**info_plist("1.2.0"), "CFBundleIconFile": "viewfinder.icns"}
    (contents / "Info.plist").write_bytes(plistlib.dumps(properties))
    (resources / "viewfinder.icns").write_bytes(icns(b"ic07", b"ic08", b"ic09", b"ic10"))
    (resources / "mlx" / "lib" / "mlx.metallib").write_bytes(KERNELS)
    (resources / "mlx.metallib").symlink_to("mlx/lib/mlx.metallib")
    (frameworks / "mlx" / "lib" / "mlx.metallib").symlink_to("../../../Resources/mlx/lib/mlx.metallib")
    (frameworks / "mlx.metallib").symlink_to("mlx/lib/mlx.metallib")
    (frameworks / "mlx" / "lib" / "libmlx.dylib").write_bytes(MLX.to_bytes())
    (frameworks / "libmlx.dylib").symlink_to("mlx/lib/libmlx.dylib")
    (frameworks / "mlx" / "core.so").write_bytes(EXTENSION.to_bytes())
    seal(contents)
    return contents


def seal(contents: Path) -> None:
    """Writes the list of contents anew, and a program whose signature seals it."""
    program = contents / "MacOS" / "Viewfinder"
    listed = contents / "_CodeSignature" / "CodeResources"
    listed.parent.mkdir(exist_ok=True)
    entries = {
        path.relative_to(contents).as_posix(): _entry(path)
        for path in sorted(contents.rglob("*"))
        if (path.is_symlink() or path.is_file()) and path not in {program, listed, contents / "Info.plist"}
    }
    listed.write_bytes(plistlib.dumps({"files2": entries}))
    slots = {
        slot: hashlib.sha256(path.read_bytes()).digest() for slot, path in ((1, contents / "Info.plist"), (3, listed))
    }
    program.write_bytes(TinyMachO(kind="executable", is_signed=True, slots=tuple(slots.items())).to_bytes())
    program.chmod(0o755)


def _entry(path: Path) -> dict[str, object]:
    if path.is_symlink():
        return {"symlink": os.readlink(path)}  # noqa: PTH115 - the text as it stands
    if is_mach_o(path):
        try:
            return {"cdhash": read_mach_o(path)[0].signature.code_hash, "requirement": "cdhash"}
        except ValueError:
            pass
    return {"hash2": hashlib.sha256(path.read_bytes()).digest()}
