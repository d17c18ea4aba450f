from __future__ import annotations

import plistlib
import re
from pathlib import Path

import bundle_identity

FILE = Path(bundle_identity.__file__).with_name("entitlements.plist")


def test_only_what_is_justified_is_asked_for() -> None:
    assert plistlib.loads(FILE.read_bytes()) == {
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
        "com.apple.security.cs.disable-library-validation": True,
    }


def test_every_line_has_its_reason_before_it() -> None:
    content = FILE.read_text(encoding="utf-8").split("<dict>")[1]
    keys = re.findall(r"<key>", content)
    reasoned = re.findall(r"<!--((?:(?!-->).){60,})-->\s*<key>", content, re.DOTALL)
    assert len(reasoned) == len(keys)
