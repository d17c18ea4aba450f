"""Where the finished part of a growing Markdown text ends: what comes later cannot change how it reads."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def finished_end(text: str, start: int) -> int:
    """The end of the finished part at or after `start`, which stands at the beginning of a block.

    A block is finished by a blank line outside a code fence once something follows that is not indented: an indented
    line may still belong to the list before it.
    """
    fence = ""
    end = start
    is_after_blank = False
    position = start
    while position < len(text):
        newline = text.find("\n", position)
        line_end = len(text) if newline < 0 else newline
        line = text[position:line_end]
        if not fence and is_after_blank and line and not line[0].isspace():
            end = position
        found = _FENCE.match(line)
        if found is not None and not fence and not (found[1][0] == "`" and "`" in found[2]):
            fence = found[1]
        elif found is not None and fence and found[1].startswith(fence) and not found[2].strip():
            fence = ""
        is_after_blank = not fence and not line.strip()
        position = line_end + 1
    return end
