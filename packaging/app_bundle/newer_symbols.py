"""The symbols that a Mac's C++ library got after macOS 14.0: what asks for one of them does not load there.

Apple gave macOS 14.0 the C++ library of LLVM 16, 14.4 that of 17, 15.0 that of 18, 15.4 that of 19.
Source: LLVM's libcxx/include/__configuration/availability.h and libcxx/lib/abi/CHANGELOG.TXT, versions 17 to 23.
"""

from __future__ import annotations

import re

CXX_LIBRARIES = frozenset({"/usr/lib/libc++.1.dylib", "/usr/lib/libc++abi.dylib", "/usr/lib/libc++.dylib"})

_FAMILIES = {
    "LLVM 18 (macOS 15.0)": (
        r"___cxa_init_primary_exception",
        r"__ZNSt3__1\d+__is_posix_terminalEP7__sFILE",
        r"__ZNSt3__1\d+__get_ostream_fileE.*",  # std::print
    ),
    "LLVM 19 (macOS 15.4)": (
        # The compiler takes the table and the type of these two exceptions from the library instead of making its own.
        r"__Z(N|NK|T[ISV]N)St3__1(17bad_function_call|19bad_expected_accessIvE)(E|C|D|4what).*",
        r"__Z(N|NK)St3__16chrono\d+(get_tzdb\w*|reload_tzdb|remote_version|tzdb\w*|time_zone|locate_zone|current_zone)E?.*",
        r"__ZT[ISV]NSt3__16chrono\d+(tzdb|time_zone|nonexistent_local_time|ambiguous_local_time).*",
    ),
    "LLVM 20": (
        r"__ZNSt3__127__from_chars_floating_pointI[df]E.*",
        r"__ZTSNSt3__1(14__codecvt_utf8I|15__codecvt_utf16I|20__codecvt_utf8_utf16I|14codecvt_bynameI).*",
        r"__ZTSNSt3__1(14__shared_count|17__assoc_sub_state|19__shared_weak_count|16__narrow_to_utf8I|17__widen_from_utf8I).*",
    ),
    "LLVM 21": (r"__ZNSt3__113__hash_memoryEPKvm",),
    "LLVM 22": (
        r"__ZNSt3__1\d+__atomic_(monitor_global|wait_global_table|notify_(one|all)_global_table)E.*",
        r"__ZNSt3__1\d+__atomic_(wait|notify_one|notify_all)_nativeILm\dEE.*",
    ),
}
_PATTERNS = {since: re.compile("|".join(f"(?:{one})" for one in family)) for since, family in _FAMILIES.items()}


def newer_than_macos_14(name: str) -> str:
    """Since which C++ library a symbol is there, or "" where macOS 14.0 has it too.

    Args:
        name: As in a Mach-O file, with its leading underscore.
    """
    return next((since for since, pattern in _PATTERNS.items() if pattern.fullmatch(name)), "")
