"""How answers are to be judged, from the options that name a judge."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

from workbench.command_line.models import find_model
from workbench.command_line.opening import pick
from workbench.domain import Contestant, DecodingSettings
from workbench.errors import WorkbenchError
from workbench.jobs.judge_spec import Mode, Price
from workbench.services.judging import JudgeWish
from workbench.services.project import Project

LIKELIHOOD = "likelihood"            # instead of a judge
MODES: dict[str, Mode] = {"single": "single", "pairwise-baseline": "pair_baseline", "pairwise-all": "pair_all"}
"""FastChat's names of the modes → ours."""


def judge_wish(project: Project, options: Namespace, judge: str | None, decoding: DecodingSettings) -> JudgeWish:
    """All but the baseline, which may not be there yet. Raises WorkbenchError."""
    mode = MODES[options.mode]
    if mode == "pair_baseline" and options.baseline is None:
        raise WorkbenchError("No baseline was chosen.", safe="Nothing was started.",
                             remedy="Name with --baseline the contestant that the others are compared with.")
    return JudgeWish(find_model(project, judge).ref, mode, prompts=project.judging.prompts(options.judge_prompts),
                     decoding=decoding, price=Price(options.price[0], options.price[1], options.cost_limit))


def then_judge(project: Project, options: Namespace) -> JudgeWish | None:
    """What --then-judge asks for; None without it."""
    if options.then_judge is None:
        return None
    if options.then_judge == LIKELIHOOD:
        return JudgeWish()
    return judge_wish(project, options, options.then_judge, DecodingSettings(options.judge_max_tokens))


def with_baseline(wish: JudgeWish, there: Sequence[Contestant], wanted: str | None) -> JudgeWish:
    """Raises WorkbenchError where there is no such contestant."""
    return wish if wanted is None else replace(wish, baseline_id=find_contestant(there, wanted).id)


def find_contestant(there: Sequence[Contestant], wanted: str) -> Contestant:
    """By id or name. Raises WorkbenchError."""
    return pick(there, wanted, "contestant", lambda one: one.id, lambda one: one.name, lambda found: None)
