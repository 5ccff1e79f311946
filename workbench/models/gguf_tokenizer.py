"""The tokenizer inside a GGUF file, run by llama.cpp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

import llama_cpp

from workbench.models.base import Encoded
from workbench.models.chat_template import render_chat
from workbench.models.llama_cpp_native import NativeModel


class GgufTokenizer:
    """See Tokenizer. llama.cpp gives no offsets; they are found by laying the tokens' bytes along the text."""

    def __init__(self, model: NativeModel) -> None:
        self._model = model
        self._piece = lru_cache(maxsize=65_536)(model.piece)
        vocabulary = model.vocabulary
        bos, eos = int(llama_cpp.llama_vocab_bos(vocabulary)), int(llama_cpp.llama_vocab_eos(vocabulary))
        self._bos, self._eos = (bos if bos >= 0 else None), (eos if eos >= 0 else None)
        self.start: int | None = self._bos if self._bos is not None else self._eos

    def encode(self, text: str, *, special: bool = True) -> Encoded:
        ids = self._model.tokenize(text.encode("utf-8", "replace"), special=special)
        return Encoded(tuple(ids), _offsets(text, [self._bytes(token) for token in ids]))

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        return [self.encode(text) for text in texts]

    def count(self, text: str, *, special: bool = True) -> int:
        return len(self._model.tokenize(text.encode("utf-8", "replace"), special=special))

    def decode(self, ids: Sequence[int]) -> str:
        kept = [self._bytes(token) for token in ids if not self._is_control(token)]
        return b"".join(kept).decode("utf-8", "replace")

    def token_text(self, id: int) -> str:
        return self._piece(id).decode("utf-8", "replace")

    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], *, open_answer: bool) -> str:
        tokens = {
            name: self.token_text(token) if token is not None else ""
            for name, token in (("bos_token", self._bos), ("eos_token", self._eos))
        }
        text = render_chat(self._model.chat_template(), messages, tokens, open_answer=open_answer)
        bos = tokens["bos_token"]
        begins = self.encode("").ids[:1] == (self._bos,)
        return text.removeprefix(bos) if bos and begins else text

    def _bytes(self, token: int) -> bytes:
        return self._piece(token)

    def _is_control(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_control(self._model.vocabulary, token))


def _offsets(text: str, pieces: Sequence[bytes]) -> tuple[tuple[int, int], ...]:
    """For each token the characters that it stands for. A token whose bytes are not the text's next ones (BOS, or the
    space that SentencePiece puts in front) stands for none, or for what of it is there."""
    data = text.encode("utf-8", "replace")
    # character_of[b]: how many characters begin at or before byte b, less one; one more entry for the end.
    begins = [1 if byte & 0xC0 != 0x80 else 0 for byte in data]
    character_of = [count - 1 for count in accumulate(begins)] + [len(text)]
    offsets, place = [], 0
    for piece in pieces:
        there = piece if data.startswith(piece, place) else piece.removeprefix(b" ")
        if not there or not data.startswith(there, place):
            offsets.append((character_of[place], character_of[place]))
            continue
        end = place + len(there)
        offsets.append((character_of[place], character_of[end - 1] + 1))
        place = end
    return tuple(offsets)
