"""The tour: from import through search, training and bench to the report on the sample project, without a display.

It leaves ``summary.json``, ``screens/*.png`` (the real window's pages, light and dark), ``report.html`` and
``prompt.txt`` in a folder, and beside them the project that it worked in, to be opened.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.alignment.options import PRESETS, AlignmentOptions
from workbench.command_line.output import as_json
from workbench.command_line.running import follow, result_values
from workbench.domain import ModelRef
from workbench.errors import ProjectError, WorkbenchError
from workbench.jobs.kinds.search import SearchSpec
from workbench.prompts import add
from workbench.services import searches
from workbench.services.benching import Started
from workbench.services.benching import submit as submit_bench
from workbench.services.demonstrations import Filter
from workbench.services.job_queue import JobInfo
from workbench.services.project import Project, open_sample
from workbench.services.searches import Pool, SearchRequest
from workbench.tour_alignment import align_spec, alignment_charts, alignment_summary, register_taught
from workbench.tour_bench import bench_charts, bench_request, bench_summary, held_out_set

PAGES = ("welcome", "demonstrations", "prompt", "rankings", "alignment", "bench", "models", "jobs", "palette",
         "shortcuts")
TRAINING = replace(PRESETS["quick"], evaluate_every=max(1, PRESETS["quick"].steps // 3))
SEED = 0
CANDIDATES = "candidates.jsonl"
PICTURE_SECONDS = 170
REST_IS_THERE = "Everything else is there."

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much the tour does; a smaller one is for tests. ``pool`` is a query as in the search field."""

    pool: str = ""
    rounds: int = 3
    random_sets: int = 20
    training: AlignmentOptions = TRAINING
    examples: int = 60               # held-out ones that training is measured on
    questions: int = 80              # held-out ones that are answered: all of them
    pages: tuple[str, ...] = PAGES


class Tour:
    """One tour into ``out``. ``seconds`` holds how long each step took."""

    def __init__(self, out: Path, say: Say, scale: Scale, *, quiet: bool) -> None:
        self.out, self.say, self.scale, self.quiet = out, say, scale, quiet
        self.seconds: dict[str, float] = {}

    def take(self) -> dict[str, Any]:
        """All steps; returns what is in summary.json. Raises WorkbenchError, with what was made so far left there."""
        folder = self._clear()
        with self._step("import"):
            project = open_sample(folder)
        try:
            summary = self._work(project)
            shown = project.lane.run(lambda: _shown(project, summary))
        finally:
            project.close()
        with self._step("screens"):
            self._pictures(folder, shown)
        summary["seconds"] = {step: round(seconds, 2) for step, seconds in self.seconds.items()}
        (self.out / "summary.json").write_text(as_json(summary) + "\n", encoding="utf-8")
        return summary

    def _work(self, project: Project) -> dict[str, Any]:
        model = project.lane.run(project.models.current)
        if model is None:
            raise ProjectError("The sample project has no model.", remedy="Restore the folder resources/models.")
        with self._step("score"):
            scored = self._run(project, lambda: searches.submit(project, score_request(project, self.scale)))
        with self._step("search"):
            found = self._run(project, lambda: searches.submit(project, search_request(project, self.scale)))
        with self._step("align"):
            spec = project.lane.run(lambda: align_spec(project, model, self.scale.training, self.scale.examples))
            trained = self._run(project, lambda: project.jobs.submit(spec))
            taught = project.lane.run(lambda: register_taught(project, trained.id))
        prompt_id = project.lane.run(lambda: _store_prompt(project, found.id, result_values(found)["chosen"]))
        with self._step("bench"):
            set_id = self._bench(project, model, spec.student, taught, prompt_id)
        summary = project.lane.run(lambda: _summary(project, model, scored, found)) | {
            "alignment": alignment_summary(spec, trained),
            "bench": project.lane.run(lambda: bench_summary(project, set_id))}
        with self._step("export"):
            charts = [*alignment_charts(summary["alignment"]), *bench_charts(summary["bench"])]
            project.lane.run(lambda: project.exports.prompt(prompt_id, self.out / "prompt.txt", "urial"))
            project.lane.run(lambda: project.exports.report(found.id, self.out / "report.html", "html", charts))
        return summary

    def _bench(self, project: Project, model: ModelRef, untaught: ModelRef, taught: ModelRef, prompt_id: int) -> int:
        """Answer the held-out questions, then judge the answers; returns the question set's id."""
        def submit() -> tuple[int, Started]:
            set_id = held_out_set(project)
            request = bench_request(project, set_id, model, untaught, taught, prompt_id, self.scale.questions)
            return set_id, submit_bench(project, request)

        set_id, started = project.lane.run(submit)
        for job_id in filter(None, (started.answering, *started.judging)):
            self._follow(project, job_id)
        project.lane.run(lambda: project.judging.measure(set_id))
        return set_id

    def _run(self, project: Project, submit: Callable[[], int]) -> JobInfo:
        return self._follow(project, project.lane.run(submit))

    def _follow(self, project: Project, job_id: int) -> JobInfo:
        info = follow(project, job_id, quiet=self.quiet)
        self.say(f"  {info.detail}")
        return info

    def _clear(self) -> Path:
        """The folder for the project; one of an earlier tour goes. Raises ProjectError for what is not ours."""
        folder = self.out / "project"
        try:
            (self.out / "screens").mkdir(parents=True, exist_ok=True)
            if folder.exists():
                Project.open(folder).close()         # raises if it is no project, or open in a window
                shutil.rmtree(folder)
        except OSError as error:
            raise ProjectError(f"{self.out} cannot be written ({error.strerror}).",
                               remedy="Choose another folder.") from error
        return folder

    def _pictures(self, folder: Path, shown: dict[str, Any]) -> None:
        """The window in a process of its own: it needs Qt, and may not bring the tour's results down with it."""
        screens = self.out / "screens"
        pages = ",".join(self.scale.pages)
        command = [*grab_command(), pages, str(screens), "--theme", "both", "--project", str(folder),
                   "--show", json.dumps(shown)]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PICTURE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise WorkbenchError("The pictures of the window took too long.", safe=REST_IS_THERE) from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
            raise WorkbenchError(f"The pictures of the window could not be taken: {last}.", safe=REST_IS_THERE)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.say(f"{name.capitalize()} …")
        start = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - start


def take_tour(out: Path, say: Say, scale: Scale = Scale(), *, quiet: bool = False) -> dict[str, Any]:
    """Take the tour into the folder ``out``; returns what is in summary.json. Raises WorkbenchError."""
    return Tour(out.absolute(), say, scale, quiet=quiet).take()


def grab_command() -> list[str]:
    """How pictures of the window are taken; the packaged program starts itself."""
    frozen = getattr(sys, "frozen", False)
    return [sys.executable, *(["_grab"] if frozen else ["-m", "workbench.gui.shell.grab"])]


def score_request(project: Project, scale: Scale) -> SearchRequest:
    """Each candidate alone, of the scale's pool."""
    request = searches.default_request(searches.read_choices(project), "score")
    pool = Pool.FILTER if scale.pool else request.pool
    return replace(request, pool=pool, filter=Filter(text=scale.pool), seed=SEED)


def search_request(project: Project, scale: Scale) -> SearchRequest:
    """The search that the window starts with one click, of the scale's pool and size."""
    return replace(score_request(project, scale), kind="search", rounds=scale.rounds, random_sets=scale.random_sets)


def _store_prompt(project: Project, job_id: int, chosen: list[int]) -> int:
    """The search's base prompt with the chosen demonstrations before its own, kept as a prompt beside it."""
    spec = project.jobs.spec(job_id)
    assert isinstance(spec, SearchSpec)
    prompt = replace(add(spec.base, project.demonstrations.get(chosen)), id=None, version=0,
                     name=f"{spec.base.name} + greedy")
    return project.prompts.create(prompt).created[0]


def _summary(project: Project, model: ModelRef, scored: JobInfo, found: JobInfo) -> dict[str, Any]:
    imports = [one for one in project.imports.past() if one.file_name == CANDIDATES]
    rounds = project.results.rounds(found.id)
    return {
        "workbench": __version__,
        "model": {"name": model.name, "sha256": model.sha256},
        "counts": {
            "imported": sum(one.imported for one in imports),
            "skipped": sum(one.skipped for one in imports),
            "refused": sum(len(one.refused) for one in imports),
            "scored": result_values(scored)["candidates"],
        },
        "search": {**result_values(found), "gains": [round.ranking[0].gain for round in rounds], "seed": SEED},
        "jobs": {"score": scored.id, "search": found.id},
    }


def _shown(project: Project, summary: Mapping[str, Any]) -> dict[str, Any]:
    """What the pictures show: the newest prompt, and the question that gains most from the best candidate."""
    gains = project.results.gains(summary["jobs"]["search"]).gain[0]
    newest = max(prompt.id for prompt in project.prompts.all())
    training = {"job": summary["alignment"]["job"], "matrix": True}
    return {"alignment": training, "rankings": {"cell": [0, int(gains.argmax())]}, "prompt": {"prompt_id": newest}}
