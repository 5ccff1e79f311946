"""Where a generated answer ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

FENCE = "\n```"

_OPENS = re.compile(r"[\w+#.-]+")


def find_end(text: str, stop: Sequence[str], *, finished: bool) -> tuple[int | None, int]:
    """Where the first stop string of ``text`` begins (None: none yet), and how many characters at its end may still
    turn out to belong to one; none if ``finished``.

    Of the stop strings FENCE is special: where it opens a code block (the line goes on with a language's name), it and
    the fence that closes the block are part of the answer.
    """
    fence, undecided = closing_fence(text, finished=finished) if FENCE in stop else (None, 0)
    found = [place for one in stop if one and one != FENCE and (place := text.find(one)) >= 0]
    if fence is not None:
        found.append(fence)
    if found:
        return min(found), 0
    if finished:
        return None, 0
    # What stands at the very start of an answer follows the template's line break.
    return None, max(undecided, min(_beginning("\n" + text, stop), len(text)))


def closing_fence(text: str, *, finished: bool) -> tuple[int | None, int]:
    """Where the fence around ``text`` is closed, and how many characters at the end are undecided."""
    lines = "\n" + text             # a fence may stand at the very start of an answer
    inside, place = False, lines.find(FENCE)
    while place >= 0:
        begin = place + len(FENCE)
        end = lines.find("\n", begin)
        rest = lines[begin : end if end >= 0 else None]
        language = _OPENS.fullmatch(rest)
        if end < 0 and not finished and (not rest.strip() or language):
            return None, len(lines) - max(place, 1)
        if not inside and not language:
            return max(place - 1, 0), 0
        inside = not inside if language or not rest.strip() else inside
        place = lines.find(FENCE, begin)
    return None, 0


def _beginning(text: str, stop: Sequence[str]) -> int:
    """How many characters at the end of ``text`` are the beginning of a stop string."""
    longest = max((len(one) for one in stop), default=0)
    for count in range(min(longest - 1, len(text)), 0, -1):
        if any(one.startswith(text[-count:]) for one in stop):
            return count
    return 0
