"""PyInstaller taking this machine for a Mac: freezes the program from macOS wheels, with PyInstaller's macOS code.

Run by mac_assembly.py with the Python of the environment that freezes the Linux program. Hooks ask packages about
themselves in child processes, which cannot load a Mac's libraries: they ask the Linux packages, and what they answer is
looked for among the Mac's.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.machinery
import os
import platform
import site
import subprocess
import sys
import sysconfig
import types
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

EXTENSION_SUFFIXES = [".cpython-312-darwin.so", ".abi3.so", ".so"]
_MACOS = "14.0"


def moved(value: Any, origin: str, target: str) -> Any:
    """An answer with each path below one folder replaced by the same place below another, where that is there."""
    if isinstance(value, str):
        if value != origin and not value.startswith(origin + os.sep):
            return value
        other = target + value[len(origin) :]
        return other if Path(other).exists() else value
    if isinstance(value, (list, tuple, set)):
        return type(value)(moved(item, origin, target) for item in value)
    if isinstance(value, dict):
        return {key: moved(item, origin, target) for key, item in value.items()}
    return value


def _load_own_extensions() -> None:
    """Imports this Python's own extension modules, which cannot be found any more once a Mac's are looked for."""
    for folder in [path for path in sys.path if path.endswith("lib-dynload")]:
        for file in sorted(Path(folder).iterdir()):
            name = file.name.split(".")[0]
            if not name.startswith(("_test", "_tkinter", "_curses", "_xx", "xx")):
                with suppress(ImportError):
                    importlib.import_module(name)


def _pretend() -> None:
    """Lets what is imported from now on take this for an Apple silicon Mac with the oldest macOS and Python 3.12."""
    sysconfig.get_config_vars()  # read once, while they are still looked for where they are
    urllib.request.getproxies()  # imported above for the same reason: a Mac has a module of its own for it
    sys.platform = "darwin"
    platform.system = lambda: "Darwin"
    platform.machine = lambda: "arm64"
    platform.mac_ver = lambda *_: (_MACOS, ("", "", ""), "arm64")
    importlib.machinery.EXTENSION_SUFFIXES[:] = EXTENSION_SUFFIXES
    machinery = importlib.machinery
    sys.path_hooks[-1] = machinery.FileFinder.path_hook(
        (machinery.ExtensionFileLoader, EXTENSION_SUFFIXES),
        (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
    )
    sys.path_importer_cache.clear()


def _answer_from_linux(linux_python: str, linux_packages: str, mac_packages: str, linux_path: list[str]) -> None:
    """Child processes see the Linux packages, and what they say is moved to the Mac's."""
    from PyInstaller import compat, isolated  # noqa: PLC0415 - of the Mac's wheel
    from PyInstaller.isolated import _parent  # noqa: PLC0415

    send, call = _parent.Python._send, _parent.Python.call  # noqa: SLF001

    def send_linux(self: Any, *objects: Any) -> None:
        send(self, *([linux_path] if objects == (sys.path,) else objects))

    def call_linux(self: Any, function: Any, *arguments: Any, **options: Any) -> Any:
        asked = moved(arguments, mac_packages, linux_packages), moved(options, mac_packages, linux_packages)
        return moved(call(self, function, *asked[0], **asked[1]), linux_packages, mac_packages)

    def same_python(command: list[str], options: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
        return [linux_python, *command], options

    setattr(compat, "__wrap_python", same_python)  # else it starts them through the Mac's ``arch``
    isolated.Python._send = send_linux  # noqa: SLF001
    isolated.Python.call = call_linux


def _draw_with(python: str) -> None:
    """The spec's icon is drawn by the Linux Qt, in a process of its own."""
    folder = str(Path(__file__).resolve().parents[1] / "app_bundle")
    words = "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import app_icon"
    command = [python, "-c", f"{words}; app_icon.write_icns(Path(sys.argv[2]))", folder]
    drawn = types.ModuleType("app_icon")
    drawn.write_icns = lambda file: subprocess.run([*command, str(file)], check=True)  # type: ignore[attr-defined]
    sys.modules["app_icon"] = drawn


def _sign_with(codesign: str) -> None:
    """Another program stands for codesign, which PyInstaller calls by its path."""
    from PyInstaller.utils import osx  # noqa: PLC0415

    run = subprocess.run

    class Programs:
        """The module ``subprocess`` as PyInstaller's macOS code sees it."""

        PIPE, STDOUT = subprocess.PIPE, subprocess.STDOUT

        @staticmethod
        def run(command: list[str], **options: Any) -> Any:
            return run([codesign, *command[1:]] if command[0] == "/usr/bin/codesign" else command, **options)

    osx.subprocess = Programs


def _main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--packages", "--python", "--libpython", "--codesign", "--dist", "--work", "--spec", "--name"):
        parser.add_argument(name, required=True)
    given = parser.parse_args()
    linux_path = list(sys.path)
    linux_packages = sysconfig.get_path("purelib")
    _load_own_extensions()
    _pretend()
    sys.path[:] = [given.packages, *(path for path in sys.path[1:] if not path.startswith(linux_packages))]

    from PyInstaller.depend import bindepend  # noqa: PLC0415

    bindepend.get_python_library_path = lambda: given.libpython
    site.getsitepackages = lambda *_: [given.packages]
    _answer_from_linux(sys.executable, linux_packages, given.packages, linux_path)
    _draw_with(sys.executable)
    sys.executable = given.python
    _sign_with(given.codesign)
    from PyInstaller import __main__ as pyinstaller  # noqa: PLC0415
    from PyInstaller.building import api  # noqa: PLC0415

    bootstrap = api.get_bootstrap_modules
    api.get_bootstrap_modules = lambda: [entry for entry in bootstrap() if entry[2] != "EXTENSION"]
    arguments = ["--noconfirm", "--log-level", "INFO", "--distpath", given.dist, "--workpath", given.work, given.spec]
    sys.argv = ["pyinstaller", *arguments, "--", "--name", given.name]
    pyinstaller.run([*arguments, "--", "--name", given.name])


if __name__ == "__main__":
    _main()
