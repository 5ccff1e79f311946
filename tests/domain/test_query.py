"""The language for queries."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.domain.query import (
    All,
    AnyOf,
    Compare,
    Has,
    Is,
    Node,
    Not,
    Query,
    QueryError,
    Word,
    parse,
    plain_words,
    quote,
)


def test_words_phrases_fields_and_comparisons_stand_side_by_side() -> None:
    typed = 'Tag:hard category:"short answer" source:x status:Accepted rating>=3 gain>-0.5 "exact phrase" word las'
    query = parse(typed)
    assert query.parts == (
        Is("tag", "hard"), Is("category", "short answer"), Is("source", "x"), Is("status", "accepted"),
        Compare("rating", ">=", 3), Compare("gain", ">", -0.5), Word("exact phrase", phrase=True), Word("word"),
        Word("las", unfinished=True))
    assert [typed[start:end] for start, end in query.spans] == [
        "Tag:hard", 'category:"short answer"', "source:x", "status:Accepted", "rating>=3", "gain>-0.5",
        '"exact phrase"', "word", "las"]


@pytest.mark.parametrize(("typed", "part"), [
    ("a OR b ", AnyOf((Word("a"), Word("b")))),
    ("a AND b ", All((Word("a"), Word("b")))),
    ("a AND b OR c ", AnyOf((All((Word("a"), Word("b"))), Word("c")))),
    ("(a OR b) AND c ", All((AnyOf((Word("a"), Word("b"))), Word("c")))),
    ("NOT tag:x", Not(Is("tag", "x"))),
    ("-tag:x", Not(Is("tag", "x"))),
    ("NOT (a tag:x)", Not(All((Word("a"), Is("tag", "x"))))),
    ("--a ", Word("--a")),
    ("tokens:20..80", All((Compare("tokens", ">=", 20), Compare("tokens", "<=", 80)))),
    ("gain:0.5..-1", All((Compare("gain", ">=", -1), Compare("gain", "<=", 0.5)))),
    ("gain<\N{MINUS SIGN}0.5", Compare("gain", "<", -0.5)),
    ("rating:3", Compare("rating", "=", 3)),
    ("has:note", Has("note")),
    ('source:""', Is("source", "")),
    ("and ", Word("and")),
    ("well-known ", Word("well-known")),
    ("http://a.b/c ", Word("http://a.b/c")),
    ("12:30 ", Word("12:30")),
    ("a<b ", Word("a<b")),
    ('"not yet', Word("not yet", phrase=True)),
    ("open (a ", Word("open")),
])
def test_what_is_typed_is_put_together(typed: str, part: Node) -> None:
    assert parse(typed).parts[0] == part


@pytest.mark.parametrize("typed", [
    "", " ", '"" ', "tag:", "tokens<", "gain<-", "tokens:3..", "status:acc", "has:no", "a OR", "a AND", "NOT", "(",
    "-("])
def test_what_is_not_finished_asks_for_nothing_yet(typed: str) -> None:
    assert [part for part in parse(typed).parts if not isinstance(part, Word)] == []


@pytest.mark.parametrize(("typed", "place", "words"), [
    ("sky stauts:accepted", "stauts", "Did you mean “status:”"),
    ("foo:bar ", "foo", "put them in quotes"),
    ("status:bogus ", "status:bogus", "accepted"),
    ("tokens<many ", "tokens<many", "number"),
    ("tokens<600now ", "tokens<600now", "number"),
    ("tag>3 ", "tag>3", "tag:3"),
    ("tag: x", "tag:", "lacks a value"),
    ("has:cheese ", "has:cheese", "note"),
    ("a ) b", ")", "not opened"),
    ("OR b ", "OR", "before"),
    ("a OR AND b", "AND", "followed"),
    ("a AND ) b", ")", "before"),
])
def test_an_error_names_its_place_and_what_to_do(typed: str, place: str, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    assert typed[caught.value.start:caught.value.end] == place
    assert words in str(caught.value)


def test_in_quotes_everything_is_text() -> None:
    assert parse('"stauts:accepted" "OR" ":)" ').parts == (
        Word("stauts:accepted", phrase=True), Word("OR", phrase=True), Word(":)", phrase=True))


def test_words_under_not_are_not_marked() -> None:
    query = parse("red (blue OR -green) -grey ")
    assert [word.text for word in query.marked] == ["red", "blue"]
    assert [word.text for word in query.words] == ["red"]


@given(st.text().filter(lambda value: '"' not in value and value == value.strip()))
def test_a_quoted_value_is_read_as_it_was(value: str) -> None:
    stored = "".join(c for c in value if c != "\0" and not "\ud800" <= c <= "\udfff")
    if stored == value:
        assert parse(f"tag:{quote(value)} ").parts == (Is("tag", value),)


@example("NOT " * 60 + "a")
@example("(" * 2000)
@given(st.text(alphabet='"*^():-+{}AND OR NOT tag:rating>=<.%_\\\'\x00 \ud83d'))
def test_a_text_is_read_or_refused_with_its_place(typed: str) -> None:
    places: list[tuple[int, int]] = []
    try:
        places += parse(typed).spans
    except QueryError as error:
        places.append((error.start, error.end))
    assert all(0 <= start < end <= len(typed) for start, end in places)


def test_a_plain_search_knows_no_language() -> None:
    assert plain_words('status:x (a OR "b c") la').words == (
        Word("status:x"), Word("(a"), Word("OR"), Word("b c", phrase=True), Word(")"), Word("la", unfinished=True))
    assert plain_words('"" ') == Query()
