import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import freezing
import pytest
import translations
from bundle_identity import executable_name
from freezing import SPEC, freeze, freeze_command, frozen_place
from setup_commands import SetUpError


def test_the_spec_is_there_and_is_python() -> None:
    compile(SPEC.read_text(encoding="utf-8"), SPEC.name, "exec")


def test_pyinstaller_gets_the_folders_and_the_spec_its_own_words(tmp_path: Path) -> None:
    command = freeze_command(tmp_path / "python", tmp_path / "dist", tmp_path / "work")
    asked, given = command[: command.index("--")], command[command.index("--") + 1 :]
    assert asked[asked.index("--distpath") + 1] == str(tmp_path / "dist")
    assert asked[-1] == str(SPEC)
    assert given == ["--name", executable_name(sys.platform)]


def test_a_mac_gets_an_app(tmp_path: Path) -> None:
    assert frozen_place(tmp_path, "darwin") == tmp_path / "Viewfinder.app"
    assert frozen_place(tmp_path, "linux") == tmp_path / "viewfinder"


@pytest.fixture
def _fresh_translations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "stale_files", lambda: ())


@pytest.mark.usefixtures("_fresh_translations")
def test_what_an_earlier_build_left_is_gone_before_the_next(tmp_path: Path) -> None:
    place = frozen_place(tmp_path / "dist", sys.platform)
    place.mkdir(parents=True)
    (place / "old").touch()
    seen: list[bool] = []

    def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
        if "PyInstaller" in command:
            seen.append(place.exists())
            assert environment["PYINSTALLER_STRICT_BUNDLE_CODESIGN_ERROR"] == "1"
            place.mkdir(parents=True)

    assert freeze(tmp_path / "python", tmp_path / "dist", tmp_path / "work", run_command=run) == place
    assert seen == [False]


@pytest.mark.usefixtures("_fresh_translations")
def test_of_what_a_mac_s_app_is_made_from_nothing_stays_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "frozen_place", lambda folder, _: folder / "Viewfinder.app")

    def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
        assert environment
        if "PyInstaller" in command:
            (tmp_path / "Viewfinder").mkdir()
            (tmp_path / "Viewfinder.app").mkdir()

    freeze(tmp_path / "python", tmp_path, tmp_path / "work", run_command=run)
    assert [path.name for path in tmp_path.iterdir()] == ["Viewfinder.app"]


@pytest.mark.usefixtures("_fresh_translations")
def test_a_build_that_leaves_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="left no"):
        freeze(tmp_path / "python", tmp_path / "dist", tmp_path / "work", run_command=lambda *_: None)


def test_stale_translations_are_made_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "stale_files", lambda: (tmp_path / "viewfinder_zh_CN.ts",))
    order: list[str] = []

    def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
        assert environment
        order.append("PyInstaller" if "PyInstaller" in command else Path(command[-1]).name)
        frozen_place(tmp_path / "dist", sys.platform).mkdir(parents=True, exist_ok=True)

    freeze(tmp_path / "python", tmp_path / "dist", tmp_path / "work", run_command=run)
    assert order == ["translations.py", "PyInstaller"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's libraries carry debug information")
@pytest.mark.usefixtures("_fresh_translations")
def test_modules_lose_their_debug_information(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    stripped: list[str] = []

    def run(command: Sequence[str], environment: Mapping[str, str]) -> None:
        assert environment
        if "PyInstaller" in command:
            for place in ("libpython3.11.so.1.0", "numpy/core.so", "mlx/lib/libmlx.so"):
                file = frozen_place(tmp_path / "dist", "linux") / "_internal" / place
                file.parent.mkdir(parents=True, exist_ok=True)
                file.touch()
        else:
            stripped.extend(Path(word).name for word in command[2:])

    freeze(tmp_path / "python", tmp_path / "dist", tmp_path / "work", run_command=run)
    assert sorted(stripped) == ["core.so", "libpython3.11.so.1.0"]
