"""Commands that start, watch and steer jobs."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from threading import Event as Flag
from typing import Any, Literal, TypedDict

from workbench.command_line.data import find_prompt, find_set
from workbench.command_line.models import find_model
from workbench.command_line.opening import on_lane, opened
from workbench.command_line.output import Output, table
from workbench.domain import Changes, JobState, Position
from workbench.errors import JobError
from workbench.formats.atomic import replacing
from workbench.jobs.events import Event, Failed, Finished, Log, Progress, Stopped
from workbench.jobs.kind import JobSpec
from workbench.jobs.kinds import kind_of
from workbench.jobs.wire import encode_result, encode_spec
from workbench.search.options import SearchOptions
from workbench.services import searches
from workbench.services.alignment_checkpoints import resume_from
from workbench.services.demonstrations import Filter
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project
from workbench.services.searches import Pool, SearchRequest

WATCH_SECONDS = 0.5


def score(options: Namespace) -> Output:
    return _start(options, score_request)


def search(options: Namespace) -> Output:
    return _start(options, search_request)


def _start(options: Namespace, ask: Callable[[Project, Namespace], SearchRequest]) -> Output:
    with opened(options.project) as project:
        if options.write_job:
            return _write_job(options.write_job, project.lane.run(
                lambda: searches.specification(project, ask(project, options))))
        job_id = project.lane.run(lambda: searches.submit(project, ask(project, options)))
        return _finish(project, job_id, options)


def score_request(project: Project, options: Namespace) -> SearchRequest:
    """What the options say; what they leave open is as in the window."""
    return _chosen(project, options, "score")


def search_request(project: Project, options: Namespace) -> SearchRequest:
    """What the options say; what they leave open is as in the window."""
    request = _chosen(project, options, "search")
    more = SearchOptions(options.racing, options.beam_width, options.swap_passes, options.random_tries, options.order,
                         options.equal_evaluations, options.embedding_baselines)
    return replace(request, rounds=options.rounds, token_budget=options.budget, strategy=options.strategy,
                   random_sets=options.random_sets, options=more, overlapping=options.overlapping,
                   heldout_id=_heldout(project, options.heldout, request.heldout_id))


def _chosen(project: Project, options: Namespace, kind: Literal["score", "search"]) -> SearchRequest:
    request = searches.default_request(searches.read_choices(project), kind, **chosen_ids(project, options))
    pool = Pool.FILTER if options.filter else Pool[options.pool.upper()]
    return replace(request, pool=pool, filter=Filter(text=options.filter), position=Position(options.position),
                   turns=options.turns, seed=options.seed, devices=options.devices)


class Chosen(TypedDict):
    model_id: int | None
    prompt_id: int | None
    set_id: int | None


def chosen_ids(project: Project, options: Namespace) -> Chosen:
    """The ids of the model, the prompt and the question set that were named; None for those that were not."""
    return {"model_id": options.model and find_model(project, options.model).ref.id,
            "prompt_id": options.prompt and find_prompt(project, options.prompt).id,
            "set_id": options.questions and find_set(project, options.questions)}


def _heldout(project: Project, wanted: str | None, default: int) -> int:
    if wanted is None:
        return default
    known = {"none": searches.NO_SET, "split": searches.SPLIT}
    return known[wanted] if wanted in known else find_set(project, wanted)


def _write_job(file: Path, spec: JobSpec) -> Output:
    try:
        with replacing(file) as stream:
            stream.write(encode_spec(spec).encode("ascii"))
    except OSError as error:
        raise JobError(f"{file} cannot be written ({error.strerror}).", safe="Nothing was started.") from error
    return Output({"file": str(file)}, f"{kind_of(spec).title(spec)}: written to {file}, not run.")


def _finish(project: Project, job_id: int, options: Namespace) -> Output:
    info = follow_to_the_end(project, job_id, quiet=options.json)[0]
    return project.lane.run(lambda: _outcome(project, info, options.top))


def follow(project: Project, job_id: int, *, quiet: bool) -> JobInfo:
    """Wait until the job has finished, with its log and progress on standard error; Ctrl+C cancels it. Raises JobError
    when it ends otherwise; what waits for it stays in the queue then."""
    ended = Flag()
    printer = ProgressLine(quiet)

    def listen(job: int, event: Event, changes: Changes) -> None:
        if job == job_id:
            printer.show(event)
            if isinstance(event, Finished | Failed | Stopped):
                ended.set()

    unlisten = project.lane.run(lambda: project.jobs.listen(listen))
    if project.lane.run(lambda: project.jobs.get(job_id)).state.ended:
        ended.set()                                  # it failed before we listened
    try:
        ended.wait()
    except KeyboardInterrupt:
        project.lane.run(lambda: project.jobs.cancel(job_id))
        ended.wait()
    finally:
        printer.end()
        project.lane.run(unlisten)
    info = project.lane.run(lambda: project.jobs.get(job_id))
    if info.state is not JobState.FINISHED:
        again = f"Go on with it: workbench jobs resume PROJECT {job_id}"
        raise JobError(info.detail, remedy=again if info.state is JobState.STOPPED else "")
    return info


def follow_to_the_end(project: Project, job_id: int, *, quiet: bool) -> list[JobInfo]:
    """Follow the job and then those that wait for it. Raises JobError for the first that does not finish."""
    waiting = project.lane.run(lambda: project.jobs.followers(job_id))
    info = follow(project, job_id, quiet=quiet)
    return [info, *(one for follower in waiting for one in follow_to_the_end(project, follower, quiet=quiet))]


class ProgressLine:
    """Progress on standard error: one line written over again on a terminal, a line now and then elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._open = False
        self._tenth = -1

    def show(self, event: Event) -> None:
        if self._quiet:
            return
        if isinstance(event, Log):
            self.end()
            print(event.message, file=sys.stderr)
        elif isinstance(event, Progress) and event.total:
            self._progress(event)

    def end(self) -> None:
        if self._open:
            print(file=sys.stderr)
            self._open = False

    def _progress(self, event: Progress) -> None:
        text = progress_text(event.message, event.done, event.total, event.unit, event.seconds_left)
        if self._terminal:
            print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)
            self._open = True
        elif event.done * 10 // event.total != self._tenth:
            self._tenth = event.done * 10 // event.total
            print(text, file=sys.stderr)


def progress_text(message: str, done: int, total: int, unit: str, seconds_left: float | None) -> str:
    """ "Round 2 of 3: 120 of 480 answers, 25 %, 0:42 left" """
    share = f", {100 * done // total} %" if total else ""
    left = f", {int(seconds_left) // 60}:{int(seconds_left) % 60:02} left" if seconds_left is not None else ""
    return f"{message + ': ' if message else ''}{done:,} of {total:,} {unit}{share}{left}"


def _outcome(project: Project, info: JobInfo, top: int) -> Output:
    if info.kind not in ("score", "search"):         # they rank nothing
        return Output({"job_id": info.id, "state": info.state, "summary": result_values(info)},
                      f"{info.title}\n{info.detail}")
    ranking = project.results.ranking(info.id, 1 if info.kind == "search" else 0)
    titles = {one.id: one.instruction for one in
              project.demonstrations.get([one.demonstration_id for one in ranking[:top]])}
    rows = [(place, one.demonstration_id, one.gain.mean, one.gain.low, one.gain.high, titles.get(one.demonstration_id))
            for place, one in enumerate(ranking[:top], 1)]
    text = f"{info.title}\n{info.detail}\n\n" + table(rows, ("rank", "id", "gain", "low", "high", "instruction"))
    data = {"job_id": info.id, "state": info.state, "summary": result_values(info), "ranking": ranking}
    return Output(data, text)


def result_values(info: JobInfo) -> dict[str, Any]:
    """What a finished job has found, for ``--json``."""
    return {} if info.result is None else encode_result(info.result)


def job_values(info: JobInfo) -> dict[str, Any]:
    """A job for ``--json``."""
    values = {field.name: getattr(info, field.name) for field in fields(info) if field.name != "result"}
    return {**values, "summary": result_values(info)}


def jobs_list(options: Namespace) -> Output:
    found = on_lane(options.project, lambda p: p.jobs.all(), read_only=True)
    rows = [(one.id, one.state.value, _done(one), one.title, one.detail) for one in found]
    return Output([job_values(job) for job in found], table(rows, ("id", "state", "done", "title", "detail")))


def jobs_spec(options: Namespace) -> Output:
    text = on_lane(options.project, lambda project: encode_spec(project.jobs.spec(options.id)), read_only=True)
    return Output(json.loads(text), text)


def jobs_log(options: Namespace) -> Output:
    lines = on_lane(options.project, lambda p: (p.jobs.get(options.id), p.jobs.log(options.id))[1], read_only=True)
    return Output(lines, "\n".join(f"{one.when:%H:%M:%S}  {one.level:<7}  {one.message}" for one in lines))


def jobs_resume(options: Namespace) -> Output:
    with opened(options.project) as project:
        if options.checkpoint is None:
            project.lane.run(lambda: project.jobs.resume(options.id))
        else:
            project.lane.run(lambda: resume_from(project, options.id, options.checkpoint))
        return _finish(project, options.id, options)


def jobs_cancel(options: Namespace) -> Output:
    def work(project: Project) -> JobInfo:
        project.jobs.get(options.id)
        project.jobs.cancel(options.id)
        return project.jobs.get(options.id)

    info = on_lane(options.project, work)
    return Output(info, f"Job {info.id}: {info.state}.")


def jobs_remove(options: Namespace) -> Output:
    on_lane(options.project, lambda p: p.jobs.remove(options.id))
    return Output({"removed": options.id}, f"Job {options.id} and its results are gone.")


def jobs_watch(options: Namespace) -> Output:
    """Look at a job that another program runs, until it has ended; Ctrl+C only ends the looking."""
    with opened(options.project, read_only=True) as project:
        shown = ""
        while True:
            info = project.lane.run(lambda: project.jobs.get(options.id))
            text = progress_text(info.detail, info.done, info.total, info.unit, info.seconds_left)
            if text != shown and not options.json:
                print(text, file=sys.stderr)
            shown = text
            if info.state.ended:
                return Output(job_values(info), f"{info.title}: {info.state}. {info.detail}")
            time.sleep(WATCH_SECONDS)


def _done(info: JobInfo) -> str:
    return f"{100 * info.done // info.total} %" if info.total else ""
