"""Texts for models whose tokenizer stands on a server and is not known here.

A text is sent whole and tokenised there. So that the rest of the program, which scores token ids, need not know this,
each character stands for itself as a "token" with its code point for an id: which part of a text is scored is then
exact, whatever the server's tokens are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from workbench.errors import PromptError
from workbench.models.base import Encoded

_OPEN, _CLOSE = "\uf8e0", "\uf8e1"            # private-use characters
# Pieces of about the size that byte-pair tokenizers make: part of a word with the space before it, up to three digits,
# a run of marks or line breaks, or one character of a script without spaces.
_PIECE = re.compile(r" ?[A-Za-zÀ-ɏ]{1,7}| ?\d{1,3}| ?[^\w\s]{1,3}|\n+| +(?! )|\s+|.", re.DOTALL)


class CharacterTokenizer:
    """See Tokenizer; for a loaded model. A first token has nothing to be predicted from, so ``start`` is None."""

    start: int | None = None

    def encode(self, text: str, *, special: bool = True) -> Encoded:
        return Encoded(tuple(map(ord, text)), tuple((i, i + 1) for i in range(len(text))))

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        return [self.encode(text) for text in texts]

    def count(self, text: str, *, special: bool = True) -> int:
        """An estimate."""
        return len(_PIECE.findall(text))

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(map(chr, ids))

    def token_text(self, id: int) -> str:
        return chr(id)

    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], *, open_answer: bool) -> str:
        """The conversation as one text, from which ``messages_of`` has the messages again: the template itself is
        applied on the server."""
        parts = [(message["role"], message["content"]) for message in messages]
        if any(mark in part for pair in parts for part in pair for mark in (_OPEN, _CLOSE)):
            raise PromptError(f"A text holds U+{ord(_OPEN):04X} or U+{ord(_CLOSE):04X}, used as marks here.",
                              remedy="Take the character out.")
        text = "".join(f"{_OPEN}{role}{_CLOSE}\n{content}\n" for role, content in parts)
        return text + (f"{_OPEN}assistant{_CLOSE}\n" if open_answer else "")


def messages_of(text: str) -> list[dict[str, str]] | None:
    """The messages of a text that ``apply_chat_template`` made; None of any other."""
    if not text.startswith(_OPEN):
        return None
    pairs = [part.partition(f"{_CLOSE}\n")[::2] for part in text.split(_OPEN)[1:]]
    messages = [{"role": role, "content": content.removesuffix("\n")} for role, content in pairs]
    return messages[:-1] if text.endswith(f"{_OPEN}assistant{_CLOSE}\n") else messages


class EstimatingTokenizer(CharacterTokenizer):
    """For counting alone: pieces of about the size of tokens, with the same ``count`` as above."""

    def encode(self, text: str, *, special: bool = True) -> Encoded:
        pieces = [match.span() for match in _PIECE.finditer(text)]
        return Encoded(tuple(range(len(pieces))), tuple(pieces))


def places(text: str, pieces: Sequence[str]) -> list[tuple[int, int]] | None:
    """Which characters of ``text`` each of a server's tokens stands for; None where they are not this text's tokens.

    A token that is not the text's next part stands for no characters (a BOS by its name, the token that is drawn at the
    end), or it is one of several that make up a character: these are told as "" or U+FFFD and share it.
    """
    found: list[tuple[int, int]] = []
    place, unknown, broken = 0, 0, 0
    for piece in pieces:
        begin = _next(text, piece, place, broken)
        if begin is None:
            unknown += 1
            broken += not piece or "\ufffd" in piece
            continue
        end = begin + len(_shown(text, piece, begin))
        found += [*[(place, begin)] * unknown, (begin, end)]
        place, unknown, broken = end, 0, 0
    found += [(place, len(text))] * unknown
    return found if len(text) - place <= broken else None


def _next(text: str, piece: str, place: int, broken: int) -> int | None:
    """Where ``piece`` stands: at ``place``, or behind as many characters as broken ones stand for."""
    if not piece or "\ufffd" in piece:
        return None
    return next((begin for begin in range(place, place + broken + 1) if _shown(text, piece, begin)), None)


def _shown(text: str, piece: str, place: int) -> str:
    """``piece`` as it stands at ``place``: SentencePiece's first token has a space that the text has not."""
    if text.startswith(piece, place):
        return piece
    bare = piece.removeprefix(" ")
    return bare if place == 0 and bare and text.startswith(bare) else ""


def sendable(text: str) -> str:
    """Half of a surrogate pair, which no JSON text can hold, becomes "?"; the length stays."""
    return text.encode("utf-8", "replace").decode("utf-8")
