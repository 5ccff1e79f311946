"""The answers to one question, made ready to be shown side by side."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.domain import Answer, Judgement
from workbench.gui.bench.answers.column import ColumnShown, Said, TurnShown
from workbench.gui.bench.answers.diff import Span
from workbench.gui.bench.colours import contestant_colours
from workbench.services.bench_measures import Measure, mean_value
from workbench.services.bench_reading import BenchReading, answer_facts, details, short_names
from workbench.services.token_shifts import MARGINAL, SHIFT_NAME, answer_shift
from workbench.wording import MISSING, plain


def columns(reading: BenchReading, question_id: int, contestants: Sequence[int], measure: Measure | None,
            repeat: int = 0) -> list[ColumnShown]:
    """One column a contestant, with as many turns as the question has or was answered."""
    question = next(one for one in reading.questions if one.id == question_id)
    colours, called = contestant_colours(reading), short_names(reading.contestants)
    turns = max(len(question.turns), 1)
    made = []
    for id in contestants:
        contestant = reading.contestant(id)
        shown = tuple(_turn(reading, (id, question_id, turn, repeat), measure) for turn in range(turns))
        made.append(ColumnShown(id, called[id], colours[id], details(contestant), shown,
                                not contestant.from_file))
    return made


def _turn(reading: BenchReading, key: tuple[int, int, int, int], measure: Measure | None) -> TurnShown:
    answer = reading.by_key.get(key)
    if answer is None or answer.id is None:
        return TurnShown(None)
    said_of = reading.said_of.get(answer.id, ())
    value = mean_value(said_of, measure, answer.id) if measure is not None else float("nan")
    score = "" if measure is None else plain(value, measure.digits)
    said = tuple(_said(reading, one, answer.id) for one in said_of)
    marginal, shifted = _shifts(reading, answer)
    return TurnShown(answer.text, "" if score == MISSING else score, answer_facts(answer), said, marginal, shifted)


def _shifts(reading: BenchReading, answer: Answer) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The characters of the tokens that are marginal and shifted against a base model, where it was compared."""
    found = next((one for one in reading.said_of.get(answer.id or 0, ()) if one.name == SHIFT_NAME), None)
    marginal, shifted, at = list[Span](), list[Span](), 0
    for token in answer_shift(found) if found is not None else ():
        start = answer.text.find(token.text, at)
        if start < 0:                            # the special token at the end, or half a character
            continue
        at = start + len(token.text)
        if token.rank > 0:
            (marginal if token.rank < MARGINAL else shifted).append((start, at))
    return tuple(marginal), tuple(shifted)


def _said(reading: BenchReading, one: Judgement, answer_id: int) -> Said:
    """A judgement, from where one of its answers stands."""
    if one.kind != "pair":
        if not one.readable:
            return Said(one.judge, "could not be read", one.words)
        what = plain(one.score, 1 if one.kind == "rating" else 2)
        name = Measure(one.judge, "measure", one.name).label if one.kind == "measure" else one.judge
        return Said(name, what, one.words)
    own = one.answer_id == answer_id
    other = reading.answers.get((one.other_answer_id or 0) if own else one.answer_id)
    against = short_names(reading.contestants).get(other.contestant_id, "another") if other is not None else "another"
    reasons = one.details.get("reasons") or []
    words = "\n\n".join(text for text in (", ".join(map(str, reasons)), one.words, one.words_swapped) if text)
    return Said(one.judge, _verdict(one, own, against), words)


def _verdict(one: Judgement, own: bool, against: str) -> str:
    if one.verdict in ("answer", "other"):
        won = (one.verdict == "answer") == own
        return f"prefers it to {against}" if won else f"prefers {against}"
    return {"tie": f"a tie with {against}", "both_bad": f"bad, and so is {against}", "skip": "skipped",
            "error": "could not be read"}.get(one.verdict, one.verdict)
