"""The commands of the bench about judging: judges, measures, numbers, files."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from workbench.bench.length_control import FEW_GAMES, LENGTH_CONTROL
from workbench.bench.recipe_table import SEARCH, SHIFT
from workbench.command_line.bench_requests import answered_set, decoding_of, find_contestant, judge_choice
from workbench.command_line.benching import run_recipe
from workbench.command_line.data import find_set
from workbench.command_line.models import find_model
from workbench.command_line.opening import on_lane, opened
from workbench.command_line.output import Output, p_words, table
from workbench.command_line.running import follow, result_values
from workbench.domain import Contestant
from workbench.errors import WorkbenchError
from workbench.jobs.kinds.judge import JudgeResult, JudgeSpec, Price, amount
from workbench.jobs.kinds.judged_search import JudgedSearchResult
from workbench.services import bench_numbers, recipes
from workbench.services.bench_files import Imported
from workbench.services.bench_measures import Measure, measures
from workbench.services.benching import JudgeChoice, judging_specifications
from workbench.services.project import Project
from workbench.services.token_shifts import shift_table
from workbench.statistics.paired import ONE_QUESTION


def judge(options: Namespace) -> Output:
    """A language model of the project judges; --estimate says what it would take."""
    with opened(options.project) as project:
        spec = project.lane.run(lambda: _spec(project, options))
        if options.estimate:
            found = project.lane.run(lambda: project.judging.estimate(spec))
            cost = (f", about {amount(found.cost(spec.price))} (at most {amount(found.most(spec.price))})"
                    if spec.price != Price() else "")
            return Output(found, f"{found.requests:,} requests, about {found.prompt_tokens:,} tokens and "
                                 f"{found.completion_tokens:,} back{cost}. {found.basis}")
        job_id = project.lane.run(lambda: project.jobs.submit(spec))
        info = follow(project, job_id, quiet=options.json)
    return Output({"job_id": info.id, **result_values(info)}, f"{info.title}\n{info.detail}")


def measure(options: Namespace) -> Output:
    """What needs no model: measures and graders; --likelihood asks the answering models too."""
    with opened(options.project) as project:
        set_id = project.lane.run(lambda: answered_set(project, options.questions))
        changes = project.lane.run(lambda: project.judging.measure(set_id))
        made = sum(map(len, changes.touched.values()))
        if options.likelihood:
            chosen = project.lane.run(lambda: [one.id for one in _chosen(project, set_id, []) if one.id is not None])
            for spec in project.lane.run(lambda: judging_specifications(project, set_id, chosen,
                                                                        JudgeChoice("likelihood"))):
                info = follow(project, project.lane.run(partial(project.jobs.submit, spec)), quiet=options.json)
                assert isinstance(info.result, JudgeResult)
                made += info.result.judgements
    return Output({"measured": made}, f"{made:,} measures taken. They are no MT-Bench scores.")


def shift(options: Namespace) -> Output:
    """Recipe 6: how far prompts and training move the base model, token by token, on the contestants' answers."""
    with opened(options.project) as project:
        def submit() -> int:
            set_id = answered_set(project, options.questions)
            choices = recipes.read_recipe_choices(project)
            ids = tuple(one.id for one in _chosen(project, set_id, options.contestant) if one.id is not None)
            request = recipes.RecipeRequest(SHIFT.name, set_id, find_model(project, options.base).ref.id or 0,
                                            contestants=ids)
            return recipes.submit(project, recipes.checked(project, choices, request))

        info = follow(project, project.lane.run(submit), quiet=options.json)
        data = project.lane.run(lambda: bench_numbers.bench_data(project, answered_set(project, options.questions)))
    rows = shift_table(data)
    cells = [(data.names[row.contestant_id], row.base, row.tokens, row.unshifted.mean, row.marginal.mean,
              row.shifted.mean, row.kl.mean, row.kl.low, row.kl.high) for row in rows]
    text = table(cells, ("contestant", "base", "tokens", "unshifted", "marginal", "shifted", "KL", "low", "high"))
    return Output({"job_id": info.id, "shifts": rows}, f"{info.title}\n{text}")


def judged_search(options: Namespace) -> Output:
    """Recipe 4: greedy search with a judge as its objective, and how well the likelihood predicts it."""
    with opened(options.project) as project:
        info = run_recipe(project, SEARCH, options)[0]
    assert isinstance(info.result, JudgedSearchResult)
    rows = [(round.number, id, judged, nats) for round in info.result.rounds
            for id, judged, nats in round.candidates[: options.top]]
    taus = table([(round.number, round.tau, round.low, round.high) for round in info.result.rounds],
                 ("round", "tau", "low", "high"))
    best = table(rows, ("round", "demonstration", "judge", "nats per answer"))
    return Output({"job_id": info.id, **result_values(info)}, f"{info.title}\n{info.detail}\n\n{taus}\n\n{best}")


def numbers(options: Namespace) -> Output:
    """Means with intervals, paired differences, win rates, ratings, agreement and biases."""
    def work(project: Project) -> Output:
        data = bench_numbers.bench_data(project, answered_set(project, options.questions))
        there = measures(data)
        chosen = next((one for one in there if options.by in (None, one.judge, one.name, one.label)), None)
        if not there:
            raise WorkbenchError("Nothing was said of answers to this question set.",
                                 remedy="Measure or judge them, or name another set with --questions.")
        if chosen is None:
            raise WorkbenchError("There is no such judge or measure.",
                                 remedy=f"There are: {', '.join(one.label for one in there)}.")
        found = _numbers(data, chosen, [one for one in there if one != chosen])
        if options.baseline is not None:
            baseline = find_contestant(list(data.contestants), options.baseline).id or 0
            found["length_controlled"] = bench_numbers.length_controlled_rates(data, chosen.judge, baseline)
        sections = [f"{title}\n{text}" for title, text in _tables(data.names, found) if text]
        note = chosen.note if chosen.kind == "measure" else f"{chosen.label}. {chosen.note}"
        alone = [ONE_QUESTION] if len({one.question_id for one in data.answers.values()}) == 1 else []
        return Output({"measure": chosen, **found}, "\n\n".join([note, *alone, *sections]))

    return on_lane(options.project, work, read_only=True)


def _numbers(data: bench_numbers.Bench, chosen: Measure, others: list[Measure]) -> dict[str, Any]:
    games = chosen.kind == "wins"
    return {
        "table": bench_numbers.table(data, chosen), "differences": bench_numbers.differences(data, chosen),
        "win_rates": bench_numbers.win_table(data, chosen.judge) if games else [],
        "ratings": bench_numbers.ladder(data, chosen.judge) if games else [],
        "bias": None if chosen.kind == "measure" else bench_numbers.judge_bias(data, chosen.judge),
        "agreement": bench_numbers.agreements(data),
        "correlations": [bench_numbers.compare(data, chosen, one).correlation for one in others]}


def _tables(names: dict[int, str], found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(title, table); no table where there is nothing to show."""
    def shown(rows: list[tuple[object, ...]], *heads: str) -> str:
        return table(rows, heads) if rows else ""

    yield "Means, with 95 % intervals over questions", shown(
        [(names[r.contestant_id], r.group, r.interval.mean, r.interval.low, r.interval.high, r.questions, r.count)
         for r in found["table"]], "contestant", "of", "mean", "low", "high", "questions", "answers")
    yield "Paired differences, p by sign flips and after Holm’s correction for all pairs", shown(
        [(names[r.contestant_id], names[r.other_id], r.difference.interval.mean, r.difference.interval.low,
          r.difference.interval.high, p_words(r.difference.p), p_words(r.p), r.difference.questions)
         for r in found["differences"]],
        "contestant", "less", "mean", "low", "high", "p", "p, Holm", "questions")
    yield "Win rates", shown([(r.model, r.wins, r.losses, r.ties, r.win_rate, r.adjusted) for r in found["win_rates"]],
                             "contestant", "won", "lost", "ties", "rate", "ties half")
    controlled = found.get("length_controlled", {})
    few = [names[id] for id, one in controlled.items() if one.few]
    said = " ".join([LENGTH_CONTROL, f"{FEW_GAMES} {', '.join(few)}." if few else ""]).strip()
    yield f"Length-controlled win rates against the baseline. {said}", shown(
        [(names[id], one.win_rate, one.controlled.mean, one.controlled.low, one.controlled.high, one.games)
         for id, one in controlled.items()],
        "contestant", "rate", "controlled", "low", "high", "games")
    yield "Bradley–Terry ratings, with 95 % intervals over questions", shown(
        [(r.model, r.rating, r.low, r.high, r.games) for r in found["ratings"]],
        "contestant", "rating", "low", "high", "games")
    bias = found["bias"]
    yield "What the judge likes", shown([] if bias is None else [
        (bias.consistent, bias.favours_first, bias.favours_second, bias.longer_won,
         bias.per_doubling.mean if bias.per_doubling else None, bias.unreadable)],
        "consistent", "first", "second", "longer won", "points a doubling", "unreadable")
    yield "Agreement", shown([(r.judge_1, r.judge_2, r.agreeing, r.compared, r.kappa, r.alpha)
                              for r in found["agreement"]], "judge", "and", "agreed", "of", "kappa", "alpha")
    yield "Kendall’s tau with other measures", shown(
        [(r.y.label, r.tau, r.low, r.high, r.questions, r.answers, r.contestants_tau) for r in found["correlations"]],
        "measure", "tau", "low", "high", "questions", "answers", "of means")


def import_answers(options: Namespace) -> Output:
    def work(project: Project) -> Output:
        set_id = find_set(project, options.questions)
        return _imported(project.bench_files.import_answers(set_id, options.files))

    return on_lane(options.project, work)


def import_judgements(options: Namespace) -> Output:
    def work(project: Project) -> Output:
        return _imported(project.bench_files.import_judgements(answered_set(project, options.questions), options.file))

    return on_lane(options.project, work)


def export(options: Namespace) -> Output:
    """FastChat's folder, AlpacaEval's outputs, or URIAL's results."""
    def work(project: Project) -> list[Path]:
        set_id = answered_set(project, options.questions)
        write = {"fastchat": project.bench_files.export_fastchat, "alpaca_eval": project.bench_files.export_alpaca_eval,
                 "urial": project.bench_files.export_urial}[options.format]
        return write(set_id, options.out)

    made = on_lane(options.project, work, read_only=True)
    return Output(made, "\n".join(map(str, made)))


def _spec(project: Project, options: Namespace) -> JudgeSpec:
    set_id = answered_set(project, options.questions)
    there = _chosen(project, set_id, [])
    choice = judge_choice(project, options, options.judge, decoding_of(options, JudgeChoice().decoding), there)
    chosen = [one.id for one in _chosen(project, set_id, options.contestant) if one.id is not None]
    return judging_specifications(project, set_id, chosen, choice)[0]


def _chosen(project: Project, set_id: int, wanted: list[str]) -> list[Contestant]:
    there = project.bench.contestants(set_id)
    return [find_contestant(there, one) for one in wanted] if wanted else there


def _imported(found: Imported) -> Output:
    refused = [f"{name}{f', line {line}' if line else ''}: {reason}" for name, line, reason in found.refused]
    text = "\n".join([f"{found.changes.label}; {len(refused):,} refused", *refused[:20]])
    return Output({"taken": found.taken, "refused": found.refused}, text, code=1 if refused else 0)
