"""The report of a comparison of contestants: its numbers and its method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

import workbench
from workbench.bench.length_control import FEW_GAMES, LENGTH_CONTROL, LengthControlled
from workbench.domain import Contestant, Interval
from workbench.formats.comparison_report import ComparisonReport, Section
from workbench.formats.report import Chart, interval, number
from workbench.services import bench_numbers as numbers
from workbench.services.bench_measures import PEOPLE, Measure
from workbench.services.bench_numbers import AgreementRow, agreements, length_controlled_rates
from workbench.services.bench_reading import BenchReading, details, is_baseline, names
from workbench.statistics.intervals import FEW, RESAMPLES
from workbench.statistics.paired import ONE_QUESTION
from workbench.wording import counted


@dataclass(frozen=True)
class Gathered:
    """All numbers that a report says; pure, made on a thread of its own."""

    reading: BenchReading
    summary: numbers.Summary
    games: numbers.Games
    points: list[numbers.LengthPoint]
    slope: Interval | None
    differences: list[numbers.DifferenceRow]
    agreements: tuple[AgreementRow, ...] = ()
    controlled: dict[int, LengthControlled] = field(default_factory=dict)      # against ``baseline``
    baseline: int | None = None


def gather(reading: BenchReading, measure: Measure, chosen: Sequence[int]) -> Gathered:
    points, slope = numbers.lengths(reading, measure, chosen)
    return Gathered(reading, numbers.summarise(reading, measure, chosen), numbers.play(reading, measure, chosen),
                    points, slope, numbers.differences(reading, measure, chosen), tuple(agreements(reading)),
                    *_length_controlled(reading, measure, chosen))


def _length_controlled(reading: BenchReading, measure: Measure, chosen: Sequence[int]) -> tuple[
        dict[int, LengthControlled], int | None]:
    """Against the baseline, or else the first contestant; a judge's own pairs only."""
    if measure.kind != "wins" or measure.judge == PEOPLE or not chosen:
        return {}, None
    baseline = next((id for id in chosen if is_baseline(reading.contestant(id))), chosen[0])
    return length_controlled_rates(reading, measure.judge, baseline), baseline


def _differences(found: Gathered, called: dict[int, str]) -> Section:
    rows = tuple((f"{called[row.contestant_id]} − {called[row.other_id]}", interval(row.difference.interval),
                  _p(row.difference.p), _p(row.p), str(row.difference.questions),
                  f"{row.difference.wins} : {row.difference.losses}") for row in found.differences)
    return Section("Paired differences", ("", f">{found.summary.measure.unit}", ">p", ">p, Holm", ">Questions",
                                          ">Better : worse"), rows)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else number(value)


def report(found: Gathered, charts: Sequence[Chart]) -> ComparisonReport:
    """``charts`` are filled with the same numbers."""
    summary, reading = found.summary, found.reading
    assert reading.chosen is not None
    called = names(reading.contestants)
    asked = f"{counted(len(reading.questions), 'question')} of “{reading.chosen.name}”"
    sections = [_means("By turn", "Turn", summary.by_turn, summary, called),
                _means("By category", "Category", summary.by_category, summary, called),
                _differences(found, called), *_game_sections(found, called), _agreement(found), _contestants(found)]
    return ComparisonReport(
        f"Comparison: {', '.join(called[id] for id in summary.chosen)}",
        f"{asked}; {summary.measure.label}. Made {datetime.now():%d %B %Y, %H:%M} "
        f"with Demonstration Workbench {workbench.__version__}.",
        (summary.measure.note,), tuple(section for section in sections if section.rows), tuple(charts), _method(found),
        _facts(reading, summary))


def _means(title: str, first: str, groups: dict[str, dict[int, numbers.Mean]], summary: numbers.Summary,
           called: dict[int, str]) -> Section:
    rows = tuple((name, called[id], interval(means[id].interval), str(means[id].questions), str(means[id].count))
                 for name, means in groups.items() for id in summary.chosen if id in means)
    return Section(title, (first, "Contestant", f">Mean [95 % interval], {summary.measure.unit}", ">Questions",
                           ">Answers"), rows)


def _game_sections(found: Gathered, called: dict[int, str]) -> list[Section]:
    games = found.games
    ids = games.contestants
    wins = tuple((called[a], called[b], f"{games.wins[i, j]:g}", f"{games.wins[j, i]:g}",
                  f"{games.wins[i, j] / (games.wins[i, j] + games.wins[j, i]):.1%}")
                 for (i, a), (j, b) in combinations(enumerate(ids), 2) if games.wins[i, j] + games.wins[j, i])
    rated = tuple((called[id], f"{one.rating:.0f} [{one.low:.0f}, {one.high:.0f}]", str(one.games))
                  for id, one in games.ratings)
    note = f"{counted(games.unreadable, 'game')} could not be read." if games.unreadable else ""
    consistent, first, second = games.position
    if consistent == consistent:
        note = (f"Both orders agree in {consistent:.1%}; {first:.1%} favour the first position, {second:.1%} the "
                f"second. {note}")
    lengths = tuple((called[id], f"{one.win_rate:.1%}", f"{one.controlled.mean:.1%} [{one.controlled.low:.1%}, "
                     f"{one.controlled.high:.1%}]", str(one.games))
                    for id, one in found.controlled.items() if id in called)
    against = f"Against {called[found.baseline]}. " if found.baseline in called else ""
    return [Section("Length-controlled win rates", ("Contestant", ">Win rate", ">Length-controlled [95 % interval]",
                                                    ">Games"), lengths,
                    f"{against}{LENGTH_CONTROL}{_few(found, called)}" if lengths else ""),
            Section("Win rates", ("", "against", ">Won", ">Lost", ">Win rate, ties as half"), wins, note.strip()),
            Section("Ratings", ("Contestant", ">Bradley–Terry, Elo's scale [95 % interval]", ">Games"), rated)]


def _few(found: Gathered, called: dict[int, str]) -> str:
    few = [called[id] for id, one in found.controlled.items() if id in called and one.few]
    return f" {FEW_GAMES} {', '.join(few)}." if few else ""


def _agreement(found: Gathered) -> Section:
    rows = tuple((f"{one.judge_1} and {one.judge_2}", f"{one.agreeing} of {one.compared}",
                  f"{one.agreeing_decided} of {one.decided}", number(one.kappa, 2), number(one.alpha, 2))
                 for one in found.agreements)
    return Section("Agreement of judges and people", ("", ">Same verdict", ">Without ties", ">Cohen's κ",
                                                      ">Krippendorff's α"), rows)


def _contestants(found: Gathered) -> Section:
    rows = []
    for id in found.summary.chosen:
        one = found.reading.contestant(id)
        rows.append((one.name, details(one), _hashes(one)))
    return Section("Contestants", ("Name", "Model, prompt, decoding", "Hashes"), tuple(rows))


def _hashes(one: Contestant) -> str:
    parts = [f"model {one.model.sha256[:16]}"] if one.model.sha256 else []
    parts += [f"prompt {one.prompt.content_hash[:16]}"] if one.prompt is not None else []
    return ", ".join(parts) or "–"


def _method(found: Gathered) -> tuple[str, ...]:
    measure, lines = found.summary.measure, []
    lines.append(f"Measure: {measure.label}, {measure.unit}. {measure.note}.")
    lines.append(f"Intervals are 95 % intervals over {RESAMPLES:,} bootstrap samples of whole questions: the turns and "
                 f"draws of a question stay together. From {FEW} questions on they are percentiles, below it "
                 "Student's t with the bootstrap's standard error.")
    lines.append("Differences are paired: the same questions and turns of both. p is two-sided, from random flips of "
                 "the sign of each question's difference; beside it p after Holm's correction for all pairs shown.")
    source = ("Pairs are derived from the values on the same answers; values within 0.1 points are a tie."
              if found.games.derived else "A pair whose two orders disagree is a tie, as in FastChat's show_result.")
    lines.append(f"{source} Ratings are Bradley–Terry strengths on Elo's scale, the mean at 1000, with intervals over "
                 "resampled questions.")
    if len(found.reading.questions) == 1:
        lines.append(ONE_QUESTION)
    if found.slope is not None:
        lines.append(f"Length: an answer twice as long gets {interval(found.slope)} {measure.unit} within the same "
                     "question and turn. It is an association: longer answers may be better ones.")
    lost = sum(found.summary.unreadable.get(id, 0) for id in found.summary.chosen)
    if lost:
        lines.append(f"{counted(lost, 'judgement')} could not be read and do not count.")
    return tuple(lines)


def _facts(reading: BenchReading, summary: numbers.Summary) -> tuple[tuple[str, str], ...]:
    assert reading.chosen is not None
    prompts = sorted({one.prompt_name for one in reading.judgements
                      if one.judge == summary.measure.judge and one.prompt_name})
    found = [("Question set", reading.chosen.name), ("Questions", str(len(reading.questions))),
             ("Turns", str(reading.turns)), ("Draws a question", str(reading.repeats)),
             ("Judge or measure", f"{summary.measure.judge} {summary.measure.name}".strip())]
    found += [("Judge prompts", ", ".join(prompts))] if prompts else []
    facts: dict[str, set[str]] = {}
    for answer in reading.answers.values():
        for name, value in answer.facts.items():
            facts.setdefault(name, set()).add(str(value))
    found += [(name, ", ".join(sorted(values)[:4])) for name, values in sorted(facts.items())]
    return (*found, ("Seed of the resampling", str(numbers.SEED)))
