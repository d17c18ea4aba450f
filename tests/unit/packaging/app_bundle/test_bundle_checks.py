import marshal
import plistlib
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path
from typing import Any

import bundle_checks
import pytest
from bundle_checks import check_bundle, icon_sizes
from leaked_paths import leaked_paths
from tiny_mach_o import TinyImport, TinyMachO, universal

from tests.unit.packaging.app_bundle.tiny_bundle import icns, make_bundle, seal


@pytest.fixture
def contents(tmp_path: Path) -> Path:
    """Of a bundle without a fault."""
    return make_bundle(tmp_path / "Viewfinder.app")


def faults(contents: Path, *build_paths: str) -> list[str]:
    """What is found once it is sealed again, as after a build."""
    seal(contents)
    return check_bundle(contents.parent, build_paths)


def change_properties(contents: Path, **values: Any) -> None:
    file = contents / "Info.plist"
    file.write_bytes(plistlib.dumps({**plistlib.loads(file.read_bytes()), **values}))


def test_a_good_bundle_has_no_fault(contents: Path) -> None:
    assert check_bundle(contents.parent, ["/work/build"]) == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("CFBundleIdentifier", "org.example", "says 'org.example' for CFBundleIdentifier"),
        ("LSMinimumSystemVersion", "15.4", "says '15.4' for LSMinimumSystemVersion, not '14.0'"),
        ("CFBundleShortVersionString", "", "says nothing for CFBundleShortVersionString"),
        ("CFBundleDocumentTypes", [], "says nothing for CFBundleDocumentTypes"),
        ("CFBundleIconFile", "gone.icns", "The icon gone.icns cannot be read"),
        ("CFBundleExecutable", "Other", "MacOS/Other is not there or is no program"),
    ],
)
def test_a_wrong_property_is_a_fault(contents: Path, key: str, value: Any, said: str) -> None:
    change_properties(contents, **{key: value})
    assert any(said in fault for fault in faults(contents))


def test_a_bundle_without_properties_is_told_of(contents: Path) -> None:
    (contents / "Info.plist").write_text("broken", encoding="utf-8")
    assert any("Info.plist cannot be read" in fault for fault in faults(contents))


def test_an_icon_without_its_large_pictures_is_a_fault(contents: Path) -> None:
    (contents / "Resources" / "viewfinder.icns").write_bytes(icns(b"ic07", b"ic08", b"ic10"))
    assert faults(contents) == ["The icon has no picture of 512 px"]
    with pytest.raises(ValueError, match="cut off"):
        icon_sizes(icns(b"ic07")[:-1])


def test_a_program_that_may_not_be_started_is_a_fault(contents: Path) -> None:
    (contents / "MacOS" / "Viewfinder").chmod(0o644)
    assert check_bundle(contents.parent, []) == ["MacOS/Viewfinder may not be executed"]


def test_a_program_for_a_newer_system_is_a_fault(contents: Path) -> None:
    program = TinyMachO(kind="executable", is_signed=True, minimum=(15, 0))
    (contents / "MacOS" / "Viewfinder").write_bytes(program.to_bytes())
    assert "MacOS/Viewfinder says that it runs on macOS 15.0 and later only" in check_bundle(contents.parent, [])


@pytest.mark.parametrize(
    ("tiny", "said"),
    [
        (
            universal(TinyMachO(is_signed=True), TinyMachO(architecture="x86_64", is_signed=True)),
            "carries arm64, x86_64: only arm64 can use it",
        ),
        (TinyMachO().to_bytes(), "Frameworks/new.so: it is not signed"),
        (
            TinyMachO(libraries=("@rpath/libgone.dylib",), is_signed=True).to_bytes(),
            "needs @rpath/libgone.dylib, which is not there",
        ),
        (
            TinyMachO(libraries=("/opt/homebrew/lib/libz.dylib",), is_signed=True).to_bytes(),
            "needs /opt/homebrew/lib/libz.dylib, which is neither the system's nor its own",
        ),
        (
            TinyMachO(
                libraries=("/usr/lib/libc++.1.dylib",),
                imports=(TinyImport("__ZTVNSt3__117bad_function_callE", 1),),
                is_signed=True,
            ).to_bytes(),
            "asks for __ZTVNSt3__117bad_function_callE (LLVM 19 (macOS 15.4))",
        ),
        (TinyMachO().to_bytes()[:80], "Frameworks/new.so cannot be read"),
    ],
)
def test_a_library_that_does_not_load_is_a_fault(contents: Path, tiny: bytes, said: str) -> None:
    (contents / "Frameworks" / "new.so").write_bytes(tiny)
    found = faults(contents)
    assert len(found) == 1
    assert said in found[0]


def test_the_program_s_run_paths_reach_what_it_loads(contents: Path) -> None:
    (contents / "Frameworks" / "new.so").write_bytes(
        TinyMachO(libraries=("@rpath/libmlx.dylib",), rpaths=("@loader_path",), is_signed=True).to_bytes()
    )
    assert faults(contents) == []


def test_code_among_the_resources_is_a_fault(contents: Path) -> None:
    (contents / "Resources" / "x.so").write_bytes(TinyMachO(is_signed=True).to_bytes())
    assert faults(contents) == ["Resources/x.so is code among the resources, where nothing signs it"]


def test_a_second_libmlx_is_a_fault(contents: Path) -> None:
    link = contents / "Frameworks" / "libmlx.dylib"
    content = link.read_bytes()
    link.unlink()
    link.write_bytes(content)
    assert faults(contents) == ["libmlx.dylib is there 2 times, not once"]


def test_kernels_must_be_beside_both_ways_to_libmlx(contents: Path) -> None:
    (contents / "Frameworks" / "mlx.metallib").unlink()
    assert faults(contents) == ["mlx.metallib is not beside Frameworks/libmlx.dylib"]


def test_libmlx_must_be_where_it_is_looked_for(contents: Path) -> None:
    (contents / "Frameworks" / "libmlx.dylib").unlink()
    found = faults(contents)
    assert "Frameworks/libmlx.dylib is not there, where everything looks for it" in found
    assert "Frameworks/mlx/core.so needs @rpath/libmlx.dylib, which is not there" in found


def test_kernels_for_a_newer_system_are_a_fault(contents: Path) -> None:
    (contents / "Resources" / "mlx" / "lib" / "mlx.metallib").write_bytes(b"air64_v28-apple-macosx26.2.0")
    (fault,) = faults(contents)
    assert fault == "mlx.metallib holds kernels for air64_v28-apple-macosx26.2.0, which macOS 14.0 cannot run"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("gone/QtNetwork", "leads to gone/QtNetwork, which is not there"),
        ("/usr/lib/libz.dylib", "leads out of the bundle, to /usr/lib/libz.dylib"),
        ("../../../outside", "leads out of the bundle, to ../../../outside"),
    ],
)
def test_a_link_that_leads_nowhere_or_out_is_a_fault(contents: Path, target: str, said: str) -> None:
    (contents.parent.parent / "outside").touch()
    (contents / "Frameworks" / "link").symlink_to(target)
    assert faults(contents) == [f"Frameworks/link {said}"]


def test_what_changes_after_the_seal_is_seen(contents: Path) -> None:
    (contents / "Resources" / "viewfinder.icns").write_bytes(icns(b"ic07", b"ic08", b"ic09", b"ic10", b"ic04"))
    (contents / "Resources" / "added.txt").touch()
    (contents / "Resources" / "mlx.metallib").unlink()
    (contents / "Frameworks" / "mlx" / "core.so").write_bytes(TinyMachO(is_signed=True).to_bytes())
    change_properties(contents, CFBundleVersion="9")
    assert check_bundle(contents.parent, []) == [
        "Info.plist is not the one that the program's signature seals",
        "Resources/added.txt is not sealed",
        "Frameworks/mlx/core.so is not the code that is sealed",
        "Resources/mlx.metallib is not the link that is sealed",
        "Resources/viewfinder.icns is not what is sealed",
    ]


def test_a_list_that_is_not_the_sealed_one_is_seen(contents: Path) -> None:
    listed = contents / "_CodeSignature" / "CodeResources"
    listed.write_bytes(listed.read_bytes() + b"\n")
    assert check_bundle(contents.parent, []) == ["CodeResources is not the one that the program's signature seals"]
    listed.unlink()
    (fault,) = check_bundle(contents.parent, [])
    assert fault.startswith("_CodeSignature/CodeResources or the program cannot be read")


def test_paths_of_the_builder_are_found_in_files_and_in_archives(contents: Path) -> None:
    resources = contents / "Resources"
    (resources / "notes.txt").write_text("made in /work/build/viewfinder", encoding="utf-8")
    with zipfile.ZipFile(resources / "base_library.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("os.pyc", b"/work/build/os.py" * 100)
        archive.writestr("re.pyc", b"re.py")
    assert faults(contents, "/work/build/") == [
        "Resources/base_library.zip (os.pyc) names /work/build, a path of the machine that built it",
        "Resources/notes.txt names /work/build, a path of the machine that built it",
    ]
    assert faults(contents, "/elsewhere") == []


def test_paths_of_the_builder_are_found_in_the_modules_that_a_program_carries(tmp_path: Path) -> None:
    module = zlib.compress(b"/work/build/app/entry.py" * 100)
    listed = marshal.dumps([("app", (1, 12, 0)), ("app.entry", (0, 12, len(module)))])
    archive = b"PYZ\0" + b"\xcb\r\r\n" + struct.pack(">I", 12 + len(module)) + module + listed
    program = tmp_path / "viewfinder"
    program.write_bytes(b"\x7fELF" + bytes(100) + archive + bytes(20))
    program.chmod(0o755)
    fault = "viewfinder (app.entry) names /work/build, a path of the machine that built it"
    assert leaked_paths(tmp_path, ["/work/build"]) == [fault]
    assert leaked_paths(tmp_path, ["/work/other"]) == []


def test_the_mac_s_own_codesign_has_the_last_word(
    contents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codesign = tmp_path / "codesign"
    codesign.write_text('#!/bin/sh\necho "$@" >&2\nexit 1\n', encoding="utf-8")
    codesign.chmod(0o755)
    monkeypatch.setattr(bundle_checks, "_CODESIGN", str(codesign))
    (fault,) = faults(contents)
    assert fault == f"codesign says: --verify --strict --deep --verbose=2 {contents.parent}"
    codesign.write_text("#!/bin/sh\n", encoding="utf-8")
    (contents / "Resources" / "added.txt").touch()
    assert check_bundle(contents.parent, []) == []


def test_the_checks_need_nothing_but_the_standard_library(tmp_path: Path) -> None:
    folder = Path(bundle_checks.__file__).parent
    command = ["python3", "-S", "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); import bundle_checks"]
    subprocess.run(command, cwd=tmp_path, check=True)
