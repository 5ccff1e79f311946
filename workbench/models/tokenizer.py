"""Tokenizers from a model's folder, without its weights and without transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.errors import ModelError
from workbench.models.base import Encoded
from workbench.models.chat_template import render_chat
from workbench.models.files import read_json


class FastTokenizer:
    """``tokenizer.json`` run by the tokenizers library; ``tokenizer_config.json`` names special tokens and the chat
    template. ``start`` is what may stand before an empty context: BOS, or EOS where there is no BOS."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelError: no tokenizer.json, or it cannot be read."""
        import tokenizers

        file = folder / "tokenizer.json"
        content = read_json(file)
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(json.dumps(_untrimmed(content), ensure_ascii=True))
        except Exception as error:  # the library raises plain Exception
            raise ModelError(f"{file} cannot be used: {error}.", remedy="Download the model again.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        settings = folder / "tokenizer_config.json"
        self._settings = read_json(settings) if settings.is_file() else {}
        self.chat_template = _chat_template(folder, self._settings)
        self._bos = self._special("bos_token")
        self._adds_bos = self._settings.get("add_bos_token") is True
        self._drops_bos = self._settings.get("add_bos_token") is False
        self._cutting = _cutting_tokens(content)
        self._rest = lru_cache(maxsize=8192)(self._encode_rest)
        self.start: int | None = self._bos if self._bos is not None else self._special("eos_token")

    def encode(self, text: str, *, special: bool = True) -> Encoded:
        """Tokens of the whole text with the characters each stands for; special tokens stand for none."""
        found = self._tokenizer.encode(text, add_special_tokens=special)
        ids, offsets = found.ids, found.offsets
        if special and self._bos is not None:
            if self._adds_bos and ids[:1] != [self._bos]:
                ids, offsets = [self._bos, *ids], [(0, 0), *offsets]
            elif self._drops_bos and ids[:1] == [self._bos] and offsets[0][1] == 0:
                ids, offsets = ids[1:], offsets[1:]
        return Encoded(tuple(ids), tuple(offsets))

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        """``encode`` of each. Where all texts share a beginning that ends with a token at which this tokenizer always
        cuts, the beginning is tokenised once; the rests are remembered, as they come again under other prompts."""
        cut = self._cut(_common_start(texts)) if len(texts) > 1 else 0
        if not cut:
            return [self.encode(text) for text in texts]
        start = self.encode(texts[0][:cut])
        found = []
        for text in texts:
            ids, offsets = self._rest(text[cut:])
            moved = tuple((a + cut, b + cut) for a, b in offsets)
            found.append(Encoded(start.ids + ids, start.offsets + moved))
        return found

    def count(self, text: str, *, special: bool = True) -> int:
        return len(self.encode(text, special=special).ids)

    def _encode_rest(self, text: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        rest = self.encode(text, special=False)
        return rest.ids, rest.offsets

    def _cut(self, text: str) -> int:
        """Where the last of the cutting tokens in ``text`` ends; 0 if there is none."""
        return max((place + len(token) for token in self._cutting if (place := text.rfind(token)) >= 0), default=0)

    def vocabulary(self) -> dict[str, int]:
        """Every token's number, added tokens too."""
        found: dict[str, int] = self._tokenizer.get_vocab(with_added_tokens=True)
        return found

    @property
    def padding(self) -> int:
        """A token to fill rows up with; what it is does not matter where it is masked."""
        found = self._special("pad_token")
        return found if found is not None else self.start or 0

    def decode(self, ids: Sequence[int]) -> str:
        """Text without special tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def token_text(self, id: int) -> str:
        """One token as a person reads it, special tokens by their name."""
        return str(self._tokenizer.decode([id], skip_special_tokens=False))

    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], *, open_answer: bool) -> str:
        tokens = {name: self._text(name) for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
        text = render_chat(self.chat_template, messages, tokens, open_answer=open_answer)
        bos = tokens["bos_token"]
        # The tokenizer puts BOS in front itself.
        begins = self._bos is not None and self.encode("").ids[:1] == (self._bos,)
        return text.removeprefix(bos) if bos and begins else text

    def _text(self, name: str) -> str:
        token = self._settings.get(name)
        return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")

    def _special(self, name: str) -> int | None:
        text = self._text(name)
        found: int | None = self._tokenizer.token_to_id(text) if text else None
        return found


def _untrimmed(content: Any) -> Any:
    """The same settings with offsets that include white space, which byte-level post-processors cut off: a token that
    stands for an answer's indentation would otherwise seem to stand for nothing."""
    processor = content.get("post_processor")
    for part in [processor, *((processor or {}).get("processors") or [])]:
        if isinstance(part, dict) and "trim_offsets" in part:
            part["trim_offsets"] = False
    return content


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    return first[: next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _cutting_tokens(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Added tokens at which every text is cut before anything else happens to it, so that what stands before and after
    is tokenised apart anyway: known where nothing is normalised and the pieces are byte-level, and where no other token
    begins with this one (the longest match wins)."""
    if content.get("normalizer") is not None or not _is_byte_level(content.get("pre_tokenizer")):
        return ()
    processor = (content.get("post_processor") or {}).get("type")
    if processor not in (None, "ByteLevel", "TemplateProcessing"):
        return ()
    tokens = [t for t in content.get("added_tokens") or [] if isinstance(t, dict)]
    texts = [str(t.get("content", "")) for t in tokens]
    plain = [
        str(t["content"]) for t in tokens
        if t.get("content") and not any(t.get(k) for k in ("normalized", "lstrip", "rstrip", "single_word"))
    ]  # fmt: skip
    return tuple(t for t in plain if sum(other.startswith(t) for other in texts) == 1)


def _is_byte_level(pre_tokenizer: Any) -> bool:
    """Whether it treats each piece of a cut text alike, the first one too."""
    if not isinstance(pre_tokenizer, dict):
        return False
    if pre_tokenizer.get("type") == "Sequence":
        return all(_is_byte_level(part) for part in pre_tokenizer.get("pretokenizers") or [None])
    if pre_tokenizer.get("type") == "ByteLevel":
        return not pre_tokenizer.get("add_prefix_space")
    return pre_tokenizer.get("type") in ("Split", "Digits")


def _chat_template(folder: Path, settings: Mapping[str, Any]) -> str:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text("utf-8")
    found = settings.get("chat_template")
    if isinstance(found, list):      # several, by name
        named = {str(t.get("name")): t.get("template") for t in found if isinstance(t, dict)}
        found = named.get("default")
    return found if isinstance(found, str) else ""
