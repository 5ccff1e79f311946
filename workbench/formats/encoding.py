"""Which encoding a text file is in."""

from __future__ import annotations

import codecs
import encodings.aliases
from typing import NamedTuple

from workbench.errors import FormatError

_BOMS = (      # the longer ones first: UTF-32's little-endian mark starts with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_FOR_FILES = frozenset({"idna", "punycode", "undefined", "mbcs", "oem", "unicode_escape", "raw_unicode_escape"})


class Guess(NamedTuple):
    """``note`` is for the person, and empty when there is no doubt."""

    encoding: str
    note: str = ""


def known_encodings() -> tuple[str, ...]:
    """Every text encoding that Python knows, for a list to choose from; the usual ones first."""
    usual = ("utf-8", "utf-16", "cp1252", "latin-1", "shift_jis", "gb18030", "big5", "euc_kr", "cp1251", "koi8-r")
    rest = sorted({name for name in encodings.aliases.aliases.values() if _is_for_text(name)})
    return (*usual, *(name for name in rest if name not in usual))


def _is_for_text(name: str) -> bool:
    try:
        info = codecs.lookup(name)
    except LookupError:
        return False
    return getattr(info, "_is_text_encoding", True) and info.name.replace("-", "_") not in _NOT_FOR_FILES


def chosen(name: str, sample: bytes) -> str:
    """The encoding a person named, checked; a byte order mark that the file has is skipped. Raises FormatError."""
    if "\0" in name or not _is_for_text(name):
        raise FormatError(f"“{name}” is not a text encoding that is known here.", safe="Nothing was read.",
                          remedy="Choose one from the list, such as utf-8, utf-16 or cp1252.")
    normal = codecs.lookup(name).name
    marked = next((marked for bom, marked in _BOMS if sample.startswith(bom)), "")
    return marked if marked and normal in (marked.removesuffix("-sig"), f"{marked}-le", f"{marked}-be") else normal


def detect(sample: bytes) -> Guess:
    """Guess from a file's first bytes: mark, UTF-16 or -32 without a mark, UTF-8, and Windows-1252 as the last.

    A UTF-8 file with a few broken bytes stays UTF-8, so that only the rows that hold them are refused.
    """
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return Guess(name)
    wide = _wide(sample)
    if wide:
        return Guess(wide, f"The file has no byte order mark; it looks like {wide.upper()}.")
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(sample)
    broken = sum(1 for character in text if "\udc80" <= character <= "\udcff")
    if not broken:
        return Guess("utf-8")
    whole = sum(1 for character in text if character > "\x7f") - broken
    if whole > broken:
        return Guess("utf-8", "The file is UTF-8 with some broken bytes; the rows that hold them are refused.")
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return Guess("latin-1", "The file is not UTF-8 and is read as Latin-1. If letters look wrong, choose another "
                                "encoding.")
    return Guess("cp1252", "The file is not UTF-8 and is read as Windows-1252. If letters look wrong, choose another "
                           "encoding.")


def _wide(sample: bytes) -> str:
    """UTF-16 or UTF-32 by where the zero bytes of mostly Latin text (or markup) fall; "" if it is neither."""
    head = sample[: min(len(sample), 4096) // 4 * 4]
    if len(head) < 8 or b"\0" not in head:
        return ""
    share = [head[place::4].count(0) / (len(head) // 4) for place in range(4)]
    if min(share[1:]) > 0.9 and share[0] < 0.1:
        return "utf-32-le"
    if min(share[:3]) > 0.9 and share[3] < 0.1:
        return "utf-32-be"
    odd, even = (share[1] + share[3]) / 2, (share[0] + share[2]) / 2
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return ""
