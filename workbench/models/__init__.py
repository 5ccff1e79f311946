"""Language models behind one protocol (base.LanguageModel)."""

from workbench.models.base import Decoding, Draw, Drawn, Encoded, LanguageModel, ScoredSequence, Tokenizer
from workbench.models.facts import read_facts
from workbench.models.registry import load, load_tokenizer

__all__ = [
    "Decoding", "Draw", "Drawn", "Encoded", "LanguageModel", "ScoredSequence", "Tokenizer", "load", "load_tokenizer",
    "read_facts",
]
