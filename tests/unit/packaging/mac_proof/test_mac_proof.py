import zipfile
from pathlib import Path

import mac_assembly
import mac_pyinstaller
import mac_wheels
import proof_tools
import prove_mac
import pytest
import wheel_checks
from prove_mac import NotProven, Proof
from setup_commands import SetUpError
from tiny_mach_o import TinyImport, TinyMachO

CXX = "/usr/lib/libc++.1.dylib"


def wheel(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".so", content)
    return path


def test_steps_are_taken_in_turn_and_told_of(capfd: pytest.CaptureFixture[str]) -> None:
    taken: list[str] = []

    def first(proof: Proof) -> str:
        proof.wheels["mlx"] = Path("mlx.whl")
        return "one wheel"

    def second(proof: Proof) -> str:
        taken.extend(proof.wheels)
        return "it was handed on"

    assert prove_mac.prove((("Fetch", first), ("Use", second))) == 0
    assert taken == ["mlx"]
    said = capfd.readouterr().err
    assert "[1/2] Fetch\n      one wheel (" in said
    assert "[2/2] Use\n      it was handed on (" in said
    assert "Never run on a Mac" in said


@pytest.mark.parametrize("error", [NotProven("two faults"), SetUpError("no network"), OSError("disk full")])
def test_a_step_that_fails_ends_the_proof(error: Exception, capfd: pytest.CaptureFixture[str]) -> None:
    def fails(_: Proof) -> str:
        raise error

    def never(_: Proof) -> str:
        raise AssertionError

    assert prove_mac.prove((("Try", fails), ("Go on", never))) == 1
    said = capfd.readouterr().err
    assert str(error) in said
    assert "Proven" not in said


def test_a_mac_proves_the_wheels_and_builds_the_bundle_itself() -> None:
    assert [title for title, _ in prove_mac.steps_for("Darwin")] == [title for title, _ in prove_mac.STEPS[:4]]
    assert prove_mac.steps_for("Linux") == prove_mac.STEPS
    assert "PyInstaller" in prove_mac.STEPS[4][0]


def test_ctrl_c_ends_it_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: Proof) -> str:
        raise KeyboardInterrupt

    assert prove_mac.prove((("Try", interrupted),)) == 130
    assert "Interrupted" in capfd.readouterr().err


def test_what_fitted_together_is_asked_again_only_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, str]] = []

    def resolve(pins: dict[str, str]) -> dict[str, str]:
        asked.append(pins)
        return {**pins, "new": "1"} if len(asked) > 1 else dict(pins)

    monkeypatch.setattr(mac_wheels, "resolve", resolve)
    monkeypatch.setattr(prove_mac, "_RESOLVED", tmp_path / "proof" / "resolved.txt")
    monkeypatch.setattr(prove_mac, "CONSTRAINTS", tmp_path / "constraints.txt")
    (tmp_path / "constraints.txt").write_text("mlx==1\n", encoding="utf-8")
    (_, step), *_ = prove_mac.STEPS
    assert step(Proof()) == "1 packages fit together on macOS 14, Apple silicon, Python 3.12"
    assert step(Proof()).endswith("as they did before")
    assert asked == [{"mlx": "1"}]
    (tmp_path / "constraints.txt").write_text("mlx==2\n", encoding="utf-8")
    with pytest.raises(NotProven, match=r"asks for now, in new\."):
        step(Proof())


def test_wheels_are_unpacked_again_only_when_they_changed(tmp_path: Path) -> None:
    folder = tmp_path / "packages"
    wheels = {"a": wheel(tmp_path / "a-1.whl", a__core=b"1")}
    assert mac_assembly.unpack(wheels, folder) == folder
    (folder / "a" / "core.so").write_bytes(b"kept")
    mac_assembly.unpack(wheels, folder)
    assert (folder / "a" / "core.so").read_bytes() == b"kept"
    wheels["a"] = wheel(tmp_path / "a-2.whl", a__other=b"2")
    mac_assembly.unpack(wheels, folder)
    assert [path.name for path in (folder / "a").iterdir()] == ["other.so"]


def test_a_bundle_is_made_anew_when_a_source_or_a_wheel_changed(tmp_path: Path) -> None:
    (tmp_path / "app" / "__pycache__").mkdir(parents=True)
    (tmp_path / "app" / "a.py").touch()
    (tmp_path / "spec").touch()
    first = mac_assembly.sources_digest(tmp_path, ("app", "spec"), ["a-1.whl"])
    (tmp_path / "app" / "__pycache__" / "a.pyc").touch()
    assert mac_assembly.sources_digest(tmp_path, ("app", "spec"), ["a-1.whl"]) == first
    assert mac_assembly.sources_digest(tmp_path, ("app", "spec"), ["a-2.whl"]) != first
    (tmp_path / "spec").write_text("changed", encoding="utf-8")
    assert mac_assembly.sources_digest(tmp_path, ("app", "spec"), ["a-1.whl"]) != first


def test_sizes_are_told_by_part_without_what_links_lead_to(tmp_path: Path) -> None:
    contents = tmp_path / "V.app" / "Contents"
    (contents / "Frameworks" / "mlx").mkdir(parents=True)
    (contents / "Frameworks" / "mlx" / "a").write_bytes(bytes(20))
    (contents / "Frameworks" / "mlx" / "b").symlink_to("a")
    (contents / "Info.plist").write_bytes(bytes(30))
    assert list(mac_assembly.sizes_by_part(tmp_path / "V.app").items()) == [("Info.plist", 30), ("Frameworks/mlx", 20)]


def test_what_packages_say_of_themselves_is_moved_to_the_mac_s(tmp_path: Path) -> None:
    linux, mac = str(tmp_path / "linux"), str(tmp_path / "mac")
    (tmp_path / "mac" / "mlx").mkdir(parents=True)
    said = [f"{linux}/mlx", f"{linux}/only_here", f"{linux}er/mlx", ("mlx", {f"{linux}/mlx": linux}), 3, None]
    assert mac_pyinstaller.moved(said, linux, mac) == [
        f"{mac}/mlx",
        f"{linux}/only_here",
        f"{linux}er/mlx",
        ("mlx", {f"{linux}/mlx": mac}),
        3,
        None,
    ]


def put_llvm(folder: Path, suffix: str, version: int, *names: str) -> None:
    for name in names:
        program = folder / f"{name}{suffix}"
        program.write_text(f"#!/bin/sh\necho 'Debian LLVM version {version}.0.6'\n", encoding="utf-8")
        program.chmod(0o755)


def test_llvm_s_programs_are_taken_from_one_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    put_llvm(tmp_path, "-19", 19, "llvm-lipo")
    put_llvm(tmp_path, "-16", 16, "llvm-lipo", "llvm-install-name-tool")
    put_llvm(tmp_path, "", 20, "llvm-lipo", "llvm-install-name-tool")
    assert proof_tools.llvm_programs() == {
        "lipo": str(tmp_path / "llvm-lipo-16"),
        "install_name_tool": str(tmp_path / "llvm-install-name-tool-16"),
    }
    (tmp_path / "llvm-lipo-16").unlink()
    assert proof_tools.llvm_programs()["lipo"] == str(tmp_path / "llvm-lipo")


def test_without_a_new_llvm_it_is_said_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    put_llvm(tmp_path, "", 14, "llvm-lipo", "llvm-install-name-tool")
    put_llvm(tmp_path, "-14", 14, "llvm-lipo", "llvm-install-name-tool")
    with pytest.raises(SetUpError, match=r"of LLVM 16 or newer are missing.*sudo apt-get install"):
        proof_tools.llvm_programs()


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Wheels that load, side by side."""
    folder = tmp_path / "packages"
    (folder / "mlx" / "lib").mkdir(parents=True)
    (folder / "mlx" / "lib" / "mlx.metallib").write_bytes(b"air64_v26-apple-macosx14.0.0")
    library = TinyMachO(kind="dylib", identity="@rpath/libmlx.dylib", is_signed=True)
    (folder / "mlx" / "lib" / "libmlx.dylib").write_bytes(library.to_bytes())
    core = TinyMachO(libraries=("@rpath/libmlx.dylib", CXX), rpaths=("@loader_path/lib",), is_signed=True)
    (folder / "mlx" / "core.so").write_bytes(core.to_bytes())
    return folder


def test_wheels_that_load_have_no_fault(packages: Path) -> None:
    files, faults = wheel_checks.check_wheels(packages)
    assert [file.place for file in files] == ["mlx/core.so", "mlx/lib/libmlx.dylib"]
    assert faults == []


def test_what_does_not_go_in_may_need_what_is_nowhere(packages: Path) -> None:
    needy = TinyMachO(libraries=("/opt/homebrew/lib/libpq.dylib",)).to_bytes()
    for place in ("cv2/cv2.abi3.so", "PySide6/Qt/plugins/sqldrivers/libqsqlpsql.dylib", "scipy/x.so"):
        (packages / place).parent.mkdir(parents=True)
        (packages / place).write_bytes(needy)
    assert wheel_checks.check_wheels(packages)[1] == []
    (packages / "mlx" / "new.so").write_bytes(needy)
    assert len(wheel_checks.check_wheels(packages)[1]) == 2


def test_a_symbol_that_nothing_for_macos_14_asks_for_is_told_of(packages: Path) -> None:
    def asks(minimum: tuple[int, int]) -> bytes:
        symbol = TinyImport("__ZNSt3__17unknownEv", 1)
        return TinyMachO(libraries=(CXX,), imports=(symbol,), minimum=minimum, is_signed=True).to_bytes()

    (packages / "PySide6").mkdir()
    (packages / "PySide6" / "QtCore.abi3.so").write_bytes(asks((15, 0)))
    (fault,) = wheel_checks.check_wheels(packages)[1]
    assert fault.startswith(
        "PySide6/QtCore.abi3.so is made for a newer macOS than 14.0 and asks the C++ library for __ZN"
    )
    (packages / "cv2").mkdir()
    (packages / "cv2" / "cv2.so").write_bytes(asks((13, 0)))
    assert wheel_checks.check_wheels(packages)[1] == []


def test_kernels_for_a_newer_macos_are_refused(packages: Path) -> None:
    (packages / "mlx" / "lib" / "mlx.metallib").write_bytes(b"air64_v28-apple-macosx26.2.0")
    (fault,) = wheel_checks.check_wheels(packages)[1]
    assert "kernels for air64_v28-apple-macosx26.2.0" in fault
    (packages / "mlx" / "lib" / "mlx.metallib").unlink()
    assert wheel_checks.check_wheels(packages)[1] == ["No wheel brings Metal kernels"]
