"""Filters as chips."""

from __future__ import annotations

import pytest

from workbench.domain import Status
from workbench.gui.demonstrations.filter_text import Query, chips, is_active, lift_terms, term_label
from workbench.services.demonstrations import Filter


def test_terms_leave_the_words_and_stand_as_chips() -> None:
    query = lift_terms(Query((), 'train tokens<600 leaves tag:"two words" rating>=3'))
    assert query.words == "train leaves"
    assert query.terms == ("tokens<600", 'tag:"two words"', "rating>=3")
    assert [chip.label for chip in chips(Filter(), query)] == ["Tokens under 600", "Tag: two words", "Rating from 3"]


def test_the_text_handed_to_the_services_holds_terms_and_words() -> None:
    assert Query(("tag:code",), " red sky ").text == "tag:code red sky"


@pytest.mark.parametrize("typed", [
    "tokens<", "tag:", "12:30", "a<b", "notag:x", "tokens<many", "tokens:96", "status:bogus"])
def test_what_only_looks_like_a_term_stays_a_word(typed: str) -> None:
    assert lift_terms(Query((), typed)) == Query((), typed)


def test_taking_a_chip_away_leaves_the_other_filters() -> None:
    where = Filter(statuses=frozenset({Status.ACCEPTED}), categories=frozenset({"Advice", "Coding"}), max_tokens=49)
    query = Query(("gain>0",), "sky")
    found = {chip.label: chip for chip in chips(where, query)}
    assert set(found) == {"Gain over 0", "Tokens up to 49", "Status: accepted", "Category: 2 chosen"}
    assert found["Category: 2 chosen"].where == Filter(statuses=where.statuses, max_tokens=49)
    assert found["Gain over 0"].query == Query((), "sky")
    assert found["Tokens up to 49"].where.max_tokens is None


def test_nothing_chosen_and_nothing_typed_is_no_filter() -> None:
    assert not is_active(Filter(), Query((), "  "))
    assert is_active(Filter(), Query((), "sky"))
    assert is_active(Filter(ratings=frozenset({0})), Query())


def test_a_negative_number_is_said_with_a_true_minus() -> None:
    assert term_label("gain<-0.5") == "Gain under −0.5"
