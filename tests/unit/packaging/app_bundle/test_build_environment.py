from collections.abc import Mapping, Sequence
from pathlib import Path

import build_environment
import pytest
from build_environment import forced_wheels, install_commands, prepare, refuse_python, wanted_stamp
from mac_constraints import CONSTRAINTS
from setup_commands import SetUpError

PINS = "# for macOS 14\nav==18.1.0\nmlx==0.32.4\nmlx-metal==0.32.4\n"


@pytest.mark.parametrize("version", [(3, 12), (3, 13)])
@pytest.mark.parametrize("oldest_macos", ["10.13", "11.0", "14.0"])
def test_a_mac_takes_the_pythons_that_run_hardened_and_on_every_mac(
    version: tuple[int, int], oldest_macos: str
) -> None:
    refuse_python("darwin", "arm64", version, oldest_macos)


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_a_mac_refuses_other_pythons(version: tuple[int, int]) -> None:
    with pytest.raises(SetUpError, match=r"3\.12 or 3\.13"):
        refuse_python("darwin", "arm64", version)


@pytest.mark.parametrize("oldest_macos", ["15", "15.0", "14.4", "26.1"])
def test_a_mac_refuses_a_python_that_was_made_for_newer_ones(oldest_macos: str) -> None:
    with pytest.raises(SetUpError, match=f"runs on macOS {oldest_macos} and later"):
        refuse_python("darwin", "arm64", (3, 12), oldest_macos)


@pytest.mark.parametrize(("system", "processor"), [("darwin", "x86_64"), ("freebsd14", "amd64")])
def test_where_the_program_does_not_run_no_bundle_is_made(system: str, processor: str) -> None:
    with pytest.raises(SetUpError):
        refuse_python(system, processor, (3, 12))


def test_linux_takes_any_python_that_runs_the_program() -> None:
    refuse_python("linux", "x86_64", (3, 10))


def test_the_wheels_for_macos_14_are_forced_at_their_pins() -> None:
    assert forced_wheels(PINS) == ("mlx==0.32.4", "mlx-metal==0.32.4")


def test_constraints_without_mlx_are_refused() -> None:
    with pytest.raises(SetUpError, match="mlx-metal"):
        forced_wheels("mlx==0.32.4\n")


def test_a_mac_installs_with_constraints_and_then_forces_mlx_into_the_same_place(tmp_path: Path) -> None:
    python = tmp_path / ".venv-app" / "bin" / "python"
    program, forced = install_commands(python, tmp_path, "darwin", PINS)
    assert program[-4:] == ["-e", f"{tmp_path}[bundle,mlx]", "-c", str(CONSTRAINTS)]
    assert forced[forced.index("--platform") + 1] == "macosx_14_0_arm64"
    assert Path(forced[forced.index("--target") + 1]).is_relative_to(tmp_path / ".venv-app" / "lib")
    assert forced[-2:] == ["mlx==0.32.4", "mlx-metal==0.32.4"]


def test_linux_installs_the_program_alone(tmp_path: Path) -> None:
    (program,) = install_commands(tmp_path / "bin" / "python", tmp_path, "linux", "")
    assert program[-2:] == ["-e", f"{tmp_path}[bundle,mlx]"]


def test_other_constraints_make_another_environment() -> None:
    one, other = (wanted_stamp(Path("/c"), "/py", "[project]\n", pins) for pins in (PINS, PINS + "x==1\n"))
    assert one.requirements != other.requirements


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'viewfinder'\n")
    monkeypatch.setattr(build_environment, "ROOT", tmp_path)
    monkeypatch.setattr(build_environment, "ENVIRONMENT", tmp_path / ".venv-app")
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path


class Pip:
    """Stands for the programs that are run: makes what ``venv`` would make, and remembers what it was asked."""

    def __init__(self, *, fails_at: str = "") -> None:
        self.commands: list[Sequence[str]] = []
        self._fails_at = fails_at

    def __call__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        assert "PYTHONPATH" not in environment
        self.commands.append(command)
        if self._fails_at and self._fails_at in command:
            raise SetUpError("no network")
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()


def test_an_environment_is_made_once(checkout: Path) -> None:
    pip = Pip()
    assert prepare(pip) == checkout / ".venv-app" / "bin" / "python"
    made = len(pip.commands)
    prepare(pip)
    assert len(pip.commands) == made


def test_other_requirements_make_it_anew_with_nothing_of_the_old(checkout: Path) -> None:
    prepare(Pip())
    old = checkout / ".venv-app" / "old"
    old.touch()
    (checkout / "pyproject.toml").write_text("[project]\nname = 'viewfinder'\ndependencies = ['av']\n")
    pip = Pip()
    prepare(pip)
    assert pip.commands
    assert not old.exists()


@pytest.mark.usefixtures("checkout")
def test_a_half_made_one_is_made_anew() -> None:
    with pytest.raises(SetUpError):
        prepare(Pip(fails_at="-e"))
    pip = Pip()
    prepare(pip)
    assert any("venv" in command for command in pip.commands)
