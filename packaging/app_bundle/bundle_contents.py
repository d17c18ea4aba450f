"""What the bundled program carries and what stays out of it: plain functions over names, which the spec applies.

Names of modules are as in ``import``; names of files are places inside the bundle's library folder, with ``/``.
Standard library only.
"""

from __future__ import annotations

import re
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

MLX_FAMILIES = ("qwen3_vl", "qwen3_vl_moe", "qwen3_5", "qwen3_5_moe")
"""What mlx-vlm imports by name, after a checkpoint's model type: each type that the program supports on MLX."""

EXCLUDED_MODULES = (
    # The other runtime, and what mlx-vlm and transformers bring for other tasks: training, sound, serving.
    *("torch", "torchvision", "torchaudio", "tensorflow", "flax", "jax", "accelerate", "bitsandbytes", "peft"),
    *("cv2", "datasets", "pyarrow", "pandas", "scipy", "sklearn", "numba", "sympy", "soundfile", "librosa"),
    *("mlx_audio", "mlx_lm", "miniaudio", "sounddevice", "llguidance", "pydantic", "pydantic_core", "dill", "xxhash"),
    *("fastapi", "starlette", "uvicorn", "websockets", "multipart", "python_multipart", "aiohttp", "gradio"),
    *("opentelemetry", "rich", "typer", "shellingham", "IPython", "ipywidgets", "matplotlib", "tkinter", "trio"),
    # The program downloads over plain HTTP by itself; fsspec is what the Hub's own library would mount it with.
    *("hf_xet", "fsspec"),
    # Tools of the build and of tests.
    *("setuptools", "pkg_resources", "_distutils_hack", "distutils", "pip", "wheel", "ensurepip", "pytest", "_pytest"),
    *("hypothesis", "mypy", "cython", "Cython", "PyInstaller", "cyclonedx", "defusedxml", "lxml"),
    # What keyring asks a Linux desktop's keychain with.
    *(("cryptography", "cffi", "_cffi_backend", "secretstorage", "jeepney") if sys.platform == "darwin" else ()),
    # Parts of Python and of libraries that nothing here uses.
    *("sqlite3", "curses", "readline", "lib2to3", "idlelib", "pydoc_data", "test", "turtledemo"),
    *("numpy.f2py", "numpy.testing", "numpy.distutils", "numpy.tests", "PIL.ImageTk", "PIL.ImageQt"),
    *("mlx_vlm.server", "mlx_vlm.chat_ui", "mlx_vlm.embeddings", "transformers.cli", "huggingface_hub.cli"),
    *("PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtPdf", "PySide6.QtDesigner", "PySide6.QtSql", "PySide6.QtTest"),
    *("PySide6.QtNetwork", "PySide6.QtOpenGL", "PySide6.QtPrintSupport", "PySide6.scripts", "shiboken6_generator"),
)

NEEDED_MODULES = (
    *(f"mlx_vlm.models.{family}.{family}" for family in MLX_FAMILIES),
    *("mlx._reprlib_fix", "mlx.__array_api_info", "mlx_vlm.utils", "app.backends.mlx_backend"),
    *("app.gui.shell", "app.gui.models.models_sheet", "pygments.lexers.python", "keyring.backends.macOS", "socksio"),
    *(("appnope._nope",) if sys.platform == "darwin" else ("keyring.backends.SecretService", "secretstorage")),
)
"""What is only found by name at run time: if PyInstaller missed one, nobody would know before a person does."""

HIDDEN_MODULES = (
    *("mlx_vlm.utils", "mlx_vlm.models.cache"),  # imported by name by the backend
    "socksio",  # httpx2 looks for it only when a proxy is a SOCKS one
    "tomllib" if sys.version_info >= (3, 11) else "tomli",
    *(("appnope", "appnope._nope") if sys.platform == "darwin" else ()),
)
"""Beside all of app/, of which much is imported by name."""

_TRANSFORMERS_FAMILIES = frozenset({"auto", "encoder_decoder", "qwen2"})
"""Folders of transformers' models that loading a checkpoint through mlx-vlm imports; of the others nothing is."""

_QT_PLUGINS = {
    "platforms": ("qxcb", "qwayland", "qoffscreen", "qcocoa"),
    "platforminputcontexts": ("composeplatforminputcontextplugin", "ibusplatforminputcontextplugin"),
    "platformthemes": ("qgtk3", "qxdgdesktopportal"),
    "xcbglintegrations": ("qxcb-egl-integration", "qxcb-glx-integration"),
    "wayland-shell-integration": ("xdg-shell",),
    "wayland-decoration-client": ("adwaita", "bradient"),
    "wayland-graphics-integration-client": ("qt-plugin-wayland-egl",),
    "imageformats": ("qjpeg", "qgif", "qico", "qwebp", "qtiff", "qsvg"),
    "iconengines": ("qsvgicon",),
    "styles": ("qmacstyle",),
}
"""What of Qt is loaded by name: the window systems, typing Chinese and accents, the desktop's own dialogs and icons,
and the formats of pictures that other programs put on the clipboard."""
_QT_PLUGIN = re.compile(r"PySide6/(?:Qt/)?plugins/(?P<kind>[\w-]+)/(?:lib)?(?P<name>[\w-]+)\.\w+$")
_QT_TRANSLATION = re.compile(r"PySide6/(?:Qt/)?translations/(?P<name>\w+)\.qm$")

_UNWANTED_FOLDERS = frozenset({"qml", "metatypes", "include", "cmake", "testdata", "pygments_tests"})
_UNWANTED_LIBRARY = re.compile(
    r"(?:libQt6|Qt)(?:Qml|Quick|VirtualKeyboard|Pdf|Egl|WaylandEgl|WlShell|Network|Sql|Test|Labs)\w*\.(?:so|framework)",
    re.IGNORECASE,
)
"""What comes only with plugins of Qt that stay out."""

_SYSTEM_LIBRARY = re.compile(
    r"lib(python3.*|ssl|crypto|ffi|lzma|bz2|uuid|expat|zstd|mpdec|xkbcommon(-x11)?"
    r"|xcb-(cursor|glx|icccm|image|keysyms|randr|render|render-util|shape|shm|sync|util|xfixes|xinput|xkb)"
    r"|wayland-(client|cursor|egl))[-.\d]*\.so[.\d]*"
)
"""What comes along of the system's libraries: what Python was built with, and what Qt needs and not every desktop has.
The others are on every desktop; a second copy of GLib or of the compiler's library would disturb the graphics drivers,
themes and typing aids that the desktop loads into the program."""

_METADATA = re.compile(
    r"(METADATA|PKG-INFO|entry_points\.txt|(licen[cs]es?|sboms|license_files)/.+"
    r"|[^/]*(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|AUTHORS)[^/]*)",
    re.IGNORECASE,
)
"""What of a distribution's notes goes in; RECORD and direct_url.json name places on the machine that built it."""

LANGUAGES = ("zh_CN",)
"""Those that the program speaks beside English."""


def excluded_families(families: Iterable[str]) -> tuple[str, ...]:
    """The modules of transformers to leave out, given the folders of its models."""
    return tuple(f"transformers.models.{name}" for name in sorted(families) if name not in _TRANSFORMERS_FAMILIES)


def is_wanted_file(place: str) -> bool:
    """Whether a library or data file goes in, by its place in the bundle."""
    plugin = _QT_PLUGIN.search(place)
    if plugin is not None:
        return plugin["name"] in _QT_PLUGINS.get(plugin["kind"], ())
    translation = _QT_TRANSLATION.search(place)
    if translation is not None:
        return translation["name"] in {f"qtbase_{language}" for language in LANGUAGES}
    parts = place.split("/")
    return not any(part in _UNWANTED_FOLDERS or _UNWANTED_LIBRARY.match(part) for part in parts)


def is_wanted_entry(place: str, source: str, kind: str) -> bool:
    """Whether a library or data file goes in, or a link, which only does together with what it leads to.

    Args:
        place: Its place in the bundle.
        source: Where the file is now; of a link, what stands in it.
        kind: As PyInstaller calls it.
    """
    target = (PurePosixPath(place).parent / source).as_posix()
    return is_wanted_file(place) and (kind != "SYMLINK" or is_wanted_file(target))


def is_wanted_system_library(name: str) -> bool:
    """Whether a library that is the system's own goes in (Linux), by its name without folders."""
    return _SYSTEM_LIBRARY.fullmatch(name) is not None


def may_lose_debug_information(place: str) -> bool:
    """Whether a library can do without the debugger's notes (Linux): Python's own and the modules written for it.

    Not those that wheels bring along: these were changed after they were linked, which not all of them survive twice.
    """
    folder, _, name = place.rpartition("/")
    is_module = name.endswith(".so") and not name.startswith("lib")
    return name.startswith("libpython3") or (is_module and not folder.endswith(".libs") and "PySide6" not in folder)


def is_metadata(place: str) -> bool:
    """Whether a file is one of a distribution's notes about itself; these are chosen by `distributions_inside`."""
    return ".dist-info/" in place or ".egg-info/" in place or place.endswith((".dist-info", ".egg-info"))


def is_wanted_metadata(name: str) -> bool:
    """Whether one of a distribution's notes goes in, by its name inside the folder of notes."""
    return _METADATA.fullmatch(name) is not None and "__pycache__" not in name


def distributions_inside(files: Mapping[str, Iterable[str]], collected: Collection[str]) -> tuple[str, ...]:
    """The distributions of which something is in the bundle, sorted.

    Args:
        files: The files of each distribution, where they are on the machine that builds.
        collected: The files that were collected from there.
    """
    return tuple(sorted(name for name, paths in files.items() if any(path in collected for path in paths)))


def missing_modules(modules: Collection[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Those of the wanted modules that were not collected: the build must not go on without them."""
    return tuple(name for name in wanted if name not in modules)


def is_wanted_resource(place: str) -> bool:
    """Whether one of the program's own files goes in: not the README's pictures, nor what is only read to build."""
    is_hidden = any(part.startswith(".") for part in place.split("/"))  # a Mac's Finder leaves such files
    return not (is_hidden or place.startswith("resources/readme/") or place.endswith((".ts", ".svg")))


def own_modules(places: Iterable[str]) -> tuple[str, ...]:
    """The names of the program's own modules, given the places of its files such as ``app/core/paths.py``."""
    names = (place.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for place in places)
    return tuple(sorted(name for name in names if name != "app.__main__"))
