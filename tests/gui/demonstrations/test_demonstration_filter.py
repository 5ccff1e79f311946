"""Filters as chips."""

from __future__ import annotations

import pytest

from workbench.domain import Status
from workbench.gui.demonstrations.filter_text import Typed, chips, is_active, lift_terms, term_label
from workbench.services.demonstrations import Filter


def test_terms_leave_the_words_and_stand_as_chips() -> None:
    query = lift_terms(Typed((), 'train tokens<600 leaves tag:"two words" rating>=3'))
    assert query.words == "train leaves"
    assert query.terms == ("tokens<600", 'tag:"two words"', "rating>=3")
    assert [chip.label for chip in chips(Filter(), query)] == ["Tokens under 600", "Tag: two words", "Rating from 3"]


def test_the_text_handed_to_the_services_holds_terms_and_words() -> None:
    assert Typed(("tag:code",), " red sky ").text == "tag:code red sky"


@pytest.mark.parametrize("typed", ["tokens<", "tag:", "12:30", "a<b", "http://x"])
def test_what_only_looks_like_a_term_stays_a_word(typed: str) -> None:
    assert lift_terms(Typed((), typed)).terms == ()


@pytest.mark.parametrize(("term", "label"), [
    ("tag:code OR -status:rejected", "Tag: code or not status: rejected"), ("tokens:20..80", "Tokens 20 to 80"),
    ("-has:note", "Without note"), ("has:answer", "With an answer"), ('(red OR "big fox") AND rating=3',
     "(“red” or “big fox”) and rating 3"), ('source:""', "Source: none")])
def test_a_chip_says_its_term_in_words(term: str, label: str) -> None:
    assert term_label(term) == label


def test_taking_a_chip_away_leaves_the_other_filters() -> None:
    where = Filter(statuses=frozenset({Status.ACCEPTED}), categories=frozenset({"Advice", "Coding"}), max_tokens=49)
    query = Typed(("gain>0",), "sky")
    found = {chip.label: chip for chip in chips(where, query)}
    assert set(found) == {"Gain over 0", "Tokens up to 49", "Status: accepted", "Category: 2 chosen"}
    assert found["Category: 2 chosen"].where == Filter(statuses=where.statuses, max_tokens=49)
    assert found["Gain over 0"].typed == Typed((), "sky")
    assert found["Tokens up to 49"].where.max_tokens is None


def test_nothing_chosen_and_nothing_typed_is_no_filter() -> None:
    assert not is_active(Filter(), Typed((), "  "))
    assert is_active(Filter(), Typed((), "sky"))
    assert is_active(Filter(ratings=frozenset({0})), Typed())


def test_a_negative_number_is_said_with_a_true_minus() -> None:
    assert term_label("gain<-0.5") == "Gain under −0.5"
