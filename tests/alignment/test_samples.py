"""Which tokens of a sample a loss counts."""

from __future__ import annotations

import pytest

from tests.alignment.small import CharacterTokenizer
from workbench.alignment.episodes import Episode
from workbench.alignment.options import AlignmentOptions
from workbench.alignment.samples import counted, encode_sample, pad
from workbench.domain import Demonstration
from workbench.models.base import Encoded

EPISODE = Episode("a", (Demonstration.pair("one?", "1x"), Demonstration.pair("two?", "22y")),
                  Demonstration.pair("three?", "333"))


class WithoutStart(CharacterTokenizer):
    """Puts nothing before a text, so that the first token can be scored only after a start token."""


class WithStart(CharacterTokenizer):
    def encode(self, text: str, *, special: bool = True) -> Encoded:
        found = super().encode(text)
        return Encoded((self.start, *found.ids), ((0, 0), *found.offsets))


@pytest.mark.parametrize("tokenizer", [WithoutStart(), WithStart()])
@pytest.mark.parametrize(("scope", "expected"), [("label", "333"), ("answers", "1x22y333")])
def test_the_counted_positions_predict_the_answers_characters(
    tokenizer: CharacterTokenizer, scope: str, expected: str
) -> None:
    sample = encode_sample(EPISODE, [(0,), (1,)], AlignmentOptions(template="plain"), tokenizer)
    batch = pad([sample.sequence], 0)
    positions = counted([sample], batch, scope)[0].nonzero()[:, 0]                       # type: ignore[arg-type]
    assert "".join(chr(sample.sequence.ids[int(p) + 1]) for p in positions) == expected


def test_the_whole_sequence_counts_every_position_that_predicts_a_token() -> None:
    sample = encode_sample(EPISODE, [(0,)], AlignmentOptions(template="plain"), CharacterTokenizer())
    batch = pad([sample.sequence], 0)
    assert counted([sample], batch, "sequence").sum() == len(sample.sequence.ids) - 1
