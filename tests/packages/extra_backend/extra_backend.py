"""A model backend as a researcher's own package brings it: letters, each as likely as it is frequent in a file."""

import hashlib
import math
from collections import Counter
from pathlib import Path
from types import MappingProxyType

from workbench.domain import ModelFacts, ModelRef
from workbench.models.backend import ModelBackend
from workbench.models.base import Drawn, Encoded


class Letters:
    """A tokenizer; see workbench.models.base.Tokenizer."""

    start = 0

    def encode(self, text, *, special=True):
        ids = tuple(map(ord, text))
        return Encoded((0, *ids) if special else ids, ((0, 0),) * special + tuple((i, i + 1) for i in range(len(ids))))

    def encode_all(self, texts):
        return [self.encode(text) for text in texts]

    def count(self, text, *, special=True):
        return len(text) + special

    def decode(self, ids):
        return "".join(chr(id) for id in ids if id)

    def token_text(self, id):
        return chr(id)

    def apply_chat_template(self, messages, *, open_answer):
        return "\n".join(message["content"] for message in messages)


class LetterModel:
    """See workbench.models.base.LanguageModel."""

    def __init__(self, ref):
        text = Path(ref.path).read_text("utf-8")
        self.ref, self.context, self.tokenizer = ref, 100_000, Letters()
        self.facts = MappingProxyType({"sha256": read(Path(ref.path)).sha256})
        self._seen, self._size = Counter(text), len(text)

    def logprobs(self, sequences, progress=lambda done: None):
        found = [tuple(math.log((self._seen[chr(id)] + 1) / (self._size + 0x110000)) for id in s.ids[s.start : s.end])
                 for s in sequences]
        progress(len(sequences))
        return found

    def inspect(self, sequence, alternatives=3):
        return []

    def draw(self, wanted, on_text=lambda index, text: None, on_drawn=lambda index, drawn: None):
        return [Drawn(self._seen.most_common(1)[0][0], 1, "length") for _ in wanted]

    def generate(self, prompts, decoding, on_text):
        return [drawn.text for drawn in self.draw(prompts)]

    def close(self):
        """Nothing is held."""


def read(path, progress=lambda read: None, base=None):
    data = path.read_bytes()
    progress(len(data))
    return ModelFacts("letters", 0x110000, 1, 1, 1, 1, 0x110000, 100_000, "float32", len(data), (path.name,),
                      hashlib.sha256(data).hexdigest())


def takes(path: Path) -> bool:
    return path.suffix == ".letters"


def load(ref: ModelRef, ignore_memory: bool) -> LetterModel:
    return LetterModel(ref)


LETTERS = ModelBackend("letters", "Letters", takes, read, load, lambda ref: Letters(), extension=".letters")
