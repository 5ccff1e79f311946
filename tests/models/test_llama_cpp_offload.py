"""How much of a GGUF model goes to graphics cards, for cards that are not here."""

from __future__ import annotations

import pytest

from workbench.domain import ModelFacts
from workbench.errors import ModelError
from workbench.models import memory
from workbench.models.llama_cpp_offload import ALL, chosen, layers

GIB = 2**30
EIGHT_GIB = ModelFacts("llama", 8 * 10**9, 31, 4096, 32, 8, 32000, 4096, "q8_0", 8 * GIB, (), "")
NEEDED = memory.estimate(EIGHT_GIB, "float16", 4096)
TWO = (("Card A", 24 * GIB, 20 * GIB), ("Card B", 8 * GIB, 4 * GIB))


@pytest.mark.parametrize(("device", "offloads", "expected"), [
    ("cpu", True, 0), ("auto", False, 0), ("auto", True, ALL), ("cuda", True, ALL), ("cuda:0", True, ALL),
])
def test_all_layers_go_to_cards_with_room_for_them(device: str, offloads: bool, expected: int) -> None:
    assert layers(chosen(device, TWO, offloads=offloads), EIGHT_GIB, NEEDED) == expected


def test_a_card_with_less_room_takes_some_layers() -> None:
    cards = chosen("cuda:1", TWO, offloads=True)
    assert cards is not None
    assert cards.only == 1
    assert 8 < layers(cards, EIGHT_GIB, NEEDED) < 16                # 4 GiB of about 8.5
    assert layers(chosen("auto", (("Full", 8 * GIB, 0), TWO[1]), offloads=True), EIGHT_GIB, NEEDED) < 16


def test_cards_of_unknown_memory_take_all() -> None:
    assert layers(chosen("auto", (), offloads=True), EIGHT_GIB, NEEDED) == ALL
    assert layers(chosen("mps", (("Apple GPU", 32 * GIB, 1),), offloads=True), EIGHT_GIB, NEEDED) == ALL


@pytest.mark.parametrize(("device", "offloads", "reason"), [
    ("cuda:0", False, "without support for cuda:0"), ("cuda:2", True, "has no cuda:2"),
])
def test_a_card_that_is_asked_for_and_cannot_be_had_is_refused(device: str, offloads: bool, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        chosen(device, TWO, offloads=offloads)
