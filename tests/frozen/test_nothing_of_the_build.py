"""The program needs nothing of what it was made from: nothing of the checkout, its environments, the tests' Python."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from leaked_paths import leaked_paths

from tests.e2e.program import ROOT
from tests.frozen.installed import SYSTEM_PATH, after_mounting, start_options
from tests.frozen.test_surroundings import PICTURE_ANSWER, PICTURE_WORDS, VIDEO_WORDS

if TYPE_CHECKING:
    from tests.frozen.installed import Installed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Mac's build hides its environment instead")
NEEDS_STRACE = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
ABSOLUTE = re.compile(r'"(/[^"]*)"')


def build_places() -> list[Path]:
    """Where the program may not look: the checkout, its environments, and whatever Python runs the tests."""
    library = Path(os.__file__).parent
    places = {ROOT, ROOT.resolve(), Path(sys.prefix), library, library.resolve()}
    return sorted(place for place in places if len(place.parts) > 2)


def is_of_the_build(path: str) -> bool:
    return any(Path(path).is_relative_to(place) for place in build_places())


def elsewhere(words: tuple[str | Path, ...], folder: Path) -> list[str]:
    """The words with a copy of the sample that is asked about, which lies in the checkout."""
    return [str(shutil.copy(word, folder) if isinstance(word, Path) else word) for word in words]


@NEEDS_STRACE
@pytest.mark.parametrize(
    "words", [("ask", *PICTURE_WORDS), ("ask", *VIDEO_WORDS), ("doctor",)], ids=["picture", "video", "doctor"]
)
def test_a_command_looks_at_no_path_of_the_build(
    installed: Installed, tmp_path: Path, words: tuple[str | Path, ...]
) -> None:
    seen = tmp_path / "seen"
    command = ["strace", "-f", "-qq", "-e", "trace=%file", "-s", "500", "-o", str(seen), str(installed.file)]
    done = subprocess.run(
        [*command, *elsewhere(words, tmp_path)],
        timeout=300,
        capture_output=True,
        check=False,
        **start_options(variables={}),
    )
    assert done.returncode == 0, done.stderr
    paths = set(ABSOLUTE.findall(seen.read_text(errors="replace")))
    assert any(str(path).endswith("libc.so.6") for path in paths), "else nothing was seen"
    assert sorted(path for path in paths if is_of_the_build(path)) == []


def test_an_open_window_holds_no_file_of_the_build(installed: Installed, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    words: list[str | Path] = ["--profile", tmp_path / "profile", "--startup-trace", trace]
    words += ["--model", "demo", "--backend", "mlx"]
    with installed.start(*words, variables={"QT_QPA_PLATFORM": "offscreen"}) as window:
        deadline = time.monotonic() + 60
        while "model_ready" not in (trace.read_text() if trace.exists() else ""):
            assert window.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process = Path(f"/proc/{window.pid}")
        mapped = {line.split(maxsplit=5)[5] for line in (process / "maps").read_text().splitlines() if "/" in line}
        held = {os.path.realpath(link) for link in (process / "fd").iterdir()}
        window.send_signal(signal.SIGTERM)
        out, errors = window.communicate(timeout=60)
    assert (window.returncode, out, errors) == (0, b"", b"")
    own = [path for path in mapped if path.startswith(str(installed.folder))]
    assert any("libQt6Core" in path for path in own)
    assert any("libmlx" in path for path in own)
    assert sorted(path for path in mapped | held if is_of_the_build(path)) == []
    others = sorted(Path(path).name for path in mapped - set(own) if path.endswith(".so") or ".so." in path)
    assert [name for name in others if re.match(r"libQt6|libpython|libmlx|libav|_", name)] == []


def test_it_answers_where_the_build_is_out_of_sight(installed: Installed, tmp_path: Path) -> None:
    """In a name space of its own in which empty folders lie over the checkout and the tests' Python."""
    places = build_places()
    outer = [place for place in places if place.is_dir() and not set(place.parents) & set(places)]
    hide = " && ".join(f"mount -t tmpfs none {shlex.quote(str(place))}" for place in outer)
    words = [*after_mounting(hide), str(installed.file), "ask"]
    words += elsewhere(PICTURE_WORDS, tmp_path)
    options = start_options(variables={"PATH": SYSTEM_PATH})
    done = subprocess.run(words, timeout=120, capture_output=True, text=True, check=False, **options)
    assert (done.returncode, done.stdout) == (0, PICTURE_ANSWER), done.stderr


def test_no_file_of_the_program_names_the_checkout(installed: Installed) -> None:
    assert leaked_paths(installed.folder, [str(ROOT)]) == []
