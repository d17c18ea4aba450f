from pathlib import Path

import pytest
from mach_o import Import, Library, NotMachO, is_mach_o, read_mach_o
from mach_o_checks import (
    MachOFile,
    architecture_faults,
    library_faults,
    read_folder,
    signature_faults,
    symbol_faults,
    unproven_symbols,
)
from metal_kernels import air_targets, kernel_faults
from newer_symbols import newer_than_macos_14
from tiny_mach_o import TinyImport, TinyMachO, universal

CXX = "/usr/lib/libc++.1.dylib"
SYSTEM = "/usr/lib/libSystem.B.dylib"
BAD_FUNCTION_CALL = "__ZTVNSt3__117bad_function_callE"


def written(path: Path, what: TinyMachO | bytes) -> MachOFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(what if isinstance(what, bytes) else what.to_bytes())
    return MachOFile(path, path.name, read_mach_o(path))


def test_all_that_a_library_says_is_read(tmp_path: Path) -> None:
    tiny = TinyMachO(
        kind="dylib",
        identity="@rpath/liba.dylib",
        libraries=(CXX, "@rpath/libb.dylib?"),
        rpaths=("@loader_path/..", "@loader_path/lib"),
        imports=(TinyImport("_malloc", 1), TinyImport("_new", 2, is_weak=True)),
        minimum=(13, 3),
    )
    (one,) = written(tmp_path / "liba.dylib", tiny).slices
    assert (one.architecture, one.kind, one.minimum, one.identity) == ("arm64", "dylib", (13, 3), "@rpath/liba.dylib")
    assert one.libraries == (Library(CXX, is_weak=False), Library("@rpath/libb.dylib", is_weak=True))
    assert one.rpaths == ("@loader_path/..", "@loader_path/lib")
    assert one.imports == (
        Import("_malloc", CXX, is_weak=False),
        Import("_new", "@rpath/libb.dylib", is_weak=True),
    )


def test_both_halves_of_a_universal_file_are_read(tmp_path: Path) -> None:
    file = written(tmp_path / "a.so", universal(TinyMachO(architecture="x86_64"), TinyMachO(is_signed=True)))
    assert [one.architecture for one in file.slices] == ["x86_64", "arm64"]
    assert [one.signature.fault for one in file.slices] == ["it is not signed", ""]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xcf", b"\x7fELF" + bytes(60), b"\xca\xfe\xba\xbe\x00\x00\x00\x3d" + bytes(60), b"!<arch>\n" + bytes(60)],
)
def test_other_files_are_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    assert not is_mach_o(path)


def test_a_universal_archive_of_object_files_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lib.a"
    data = universal(TinyMachO())
    path.write_bytes(data[: 1 << 14] + b"!<arch>\n" + data[(1 << 14) + 8 :])
    assert not is_mach_o(path)


def test_a_file_that_is_cut_off_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "whole.so").write_bytes(TinyMachO().to_bytes())
    (tmp_path / "cut.so").write_bytes(TinyMachO(imports=(TinyImport("_a", 1),)).to_bytes()[:100])
    with pytest.raises(NotMachO, match="cut off"):
        read_mach_o(tmp_path / "cut.so")
    files, faults = read_folder(tmp_path)
    assert [file.place for file in files] == ["whole.so"]
    assert len(faults) == 1
    assert faults[0].startswith("cut.so cannot be read")


def test_links_are_not_looked_at_twice(tmp_path: Path) -> None:
    written(tmp_path / "a.so", TinyMachO())
    (tmp_path / "b.so").symlink_to("a.so")
    assert [file.place for file in read_folder(tmp_path)[0]] == ["a.so"]


def test_a_library_for_intel_alone_is_a_fault(tmp_path: Path) -> None:
    file = written(tmp_path / "a.so", TinyMachO(architecture="x86_64"))
    assert architecture_faults(file, is_thin=False) == ["a.so is made for x86_64 and not for arm64"]


def test_a_second_architecture_is_a_fault_only_in_the_bundle(tmp_path: Path) -> None:
    file = written(tmp_path / "a.so", universal(TinyMachO(), TinyMachO(architecture="x86_64")))
    assert architecture_faults(file, is_thin=False) == []
    assert architecture_faults(file, is_thin=True) == ["a.so carries arm64, x86_64: only arm64 can use it"]


def test_a_symbol_of_a_newer_library_is_a_fault(tmp_path: Path) -> None:
    tiny = TinyMachO(libraries=(SYSTEM, CXX), imports=(TinyImport(BAD_FUNCTION_CALL, 2), TinyImport("_malloc", 1)))
    (fault,) = symbol_faults(written(tmp_path / "QtCore.abi3.so", tiny))
    assert fault == (
        f"QtCore.abi3.so asks for {BAD_FUNCTION_CALL} (LLVM 19 (macOS 15.4)), which the C++ library of macOS 14.0 "
        "does not have"
    )


def test_a_symbol_that_may_be_missing_or_is_another_library_s_is_none(tmp_path: Path) -> None:
    weak = TinyMachO(libraries=(CXX,), imports=(TinyImport(BAD_FUNCTION_CALL, 1, is_weak=True),))
    own = TinyMachO(libraries=("@rpath/libown.dylib",), imports=(TinyImport(BAD_FUNCTION_CALL, 1),))
    intel = universal(
        TinyMachO(), TinyMachO(architecture="x86_64", libraries=(CXX,), imports=(TinyImport(BAD_FUNCTION_CALL, 1),))
    )
    assert [symbol_faults(written(tmp_path / "a.so", one)) for one in (weak, own, intel)] == [[], [], []]


@pytest.mark.parametrize(
    "name",
    [
        "__ZTINSt3__117bad_function_callE",
        "__ZNSt3__117bad_function_callD1Ev",
        "__ZTVNSt3__119bad_expected_accessIvEE",
        "__ZNSt3__16chrono13get_tzdb_listEv",
        "__ZNSt3__119__is_posix_terminalEP7__sFILE",
        "___cxa_init_primary_exception",
        "__ZNSt3__113__hash_memoryEPKvm",
        "__ZNSt3__127__from_chars_floating_pointIdEENS_19__from_chars_resultIT_EEPKcS5_NS_12chars_formatE",
        "__ZNSt3__126__atomic_wait_global_tableEPKvx",
        "__ZTSNSt3__119__shared_weak_countE",
    ],
)
def test_what_came_after_macos_14_is_known(name: str) -> None:
    assert newer_than_macos_14(name)


@pytest.mark.parametrize(
    "name",
    [
        "_malloc",
        "__ZTINSt3__119__shared_weak_countE",
        "__ZNSt3__119__shared_weak_count14__release_weakEv",
        "__ZNSt3__16chrono12steady_clock3nowEv",
        "__ZNSt3__16chrono12system_clock9to_time_tERKNS0_10time_pointIS1_NS0_8durationIxNS_5ratioILl1ELl1000000EEEEEEE",
        "__ZNSt3__118bad_variant_accessD1Ev",
        "__ZNSt3__120__libcpp_atomic_waitEPVKvx",
        "__ZNSt3__123__cxx_atomic_notify_allEPVKv",
        "___cxa_throw",
    ],
)
def test_what_macos_14_has_is_let_through(name: str) -> None:
    assert newer_than_macos_14(name) == ""


def test_what_only_files_for_newer_systems_ask_for_is_unproven(tmp_path: Path) -> None:
    known, strange = TinyImport("__Zknown", 1), TinyImport("__Zstrange", 1)
    old = written(tmp_path / "old.so", TinyMachO(libraries=(CXX,), imports=(known,), minimum=(13, 0)))
    new = written(tmp_path / "new.so", TinyMachO(libraries=(CXX,), imports=(known, strange), minimum=(15, 0)))
    assert unproven_symbols([new], [old, new]) == {"__Zstrange": "new.so"}


def test_libraries_are_looked_for_as_the_loader_does(tmp_path: Path) -> None:
    written(tmp_path / "lib" / "libb.dylib", TinyMachO(kind="dylib", identity="@rpath/libb.dylib"))
    (tmp_path / "libb.dylib").symlink_to("lib/libb.dylib")
    good = TinyMachO(
        libraries=(SYSTEM, "/System/Library/Frameworks/AppKit.framework/AppKit", "@rpath/libb.dylib"),
        rpaths=("/nowhere", "@loader_path/.."),
    )
    assert library_faults(written(tmp_path / "sub" / "a.so", good), tmp_path) == []
    direct = TinyMachO(libraries=("@loader_path/../lib/libb.dylib", "/opt/homebrew/lib/x.dylib?"))
    assert library_faults(written(tmp_path / "sub" / "a.so", direct), tmp_path) == []
    bare = written(tmp_path / "sub" / "a.so", TinyMachO(libraries=("@rpath/libb.dylib",)))
    assert library_faults(bare, tmp_path, {str(tmp_path / "sub"): ["@executable_path/.."]}) == []


@pytest.mark.parametrize(
    ("library", "said"),
    [
        ("@rpath/libc.dylib", "which is not there"),
        ("@loader_path/libc.dylib", "which is not there"),
        ("/opt/homebrew/lib/libc.dylib", "which is neither the system's nor its own"),
        ("@rpath/outside.dylib", "which is not there"),
    ],
)
def test_a_library_that_is_not_there_is_a_fault(tmp_path: Path, library: str, said: str) -> None:
    written(tmp_path / "outside.dylib", TinyMachO(kind="dylib"))
    tiny = TinyMachO(libraries=(library,), rpaths=("@loader_path", "@loader_path/.."))
    file = written(tmp_path / "app" / "a.so", tiny)
    assert library_faults(file, tmp_path / "app") == [f"a.so needs {library}, {said}"]


def test_a_change_after_signing_is_seen(tmp_path: Path) -> None:
    data = bytearray(TinyMachO(is_signed=True, text=b"a key").to_bytes())
    assert signature_faults(written(tmp_path / "a.so", bytes(data))) == []
    place = data.index(b"a key")
    data[place] ^= 1
    (fault,) = signature_faults(written(tmp_path / "a.so", bytes(data)))
    assert fault.startswith("a.so: it was changed after it was signed, in page")
    assert signature_faults(written(tmp_path / "a.so", TinyMachO())) == ["a.so: it is not signed"]


def test_kernels_say_what_they_were_made_for(tmp_path: Path) -> None:
    metallib = tmp_path / "mlx.metallib"
    metallib.write_bytes(b"MTLB" + b"\0air64_v26-apple-macosx14.0.0\0" * 3)
    assert air_targets(metallib) == ("air64_v26-apple-macosx14.0.0",)
    assert kernel_faults(metallib, "14.0") == []
    metallib.write_bytes(b"MTLB\0air64_v26-apple-macosx14.0.0\0air64_v28-apple-macosx26.2.0\0")
    assert kernel_faults(metallib, "14.0") == [
        "mlx.metallib holds kernels for air64_v28-apple-macosx26.2.0, which macOS 14.0 cannot run"
    ]
    metallib.write_bytes(b"MTLB")
    assert kernel_faults(metallib, "14.0") == ["mlx.metallib names no target of its kernels"]
    metallib.write_bytes(b"")
    assert kernel_faults(metallib, "14.0")[0].startswith("mlx.metallib cannot be read")
