"""What a job is called when nobody gave it a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from workbench.alignment.options import METHOD_NAMES
from workbench.jobs.judge_spec import amount
from workbench.jobs.specs import (
    AlignSpec,
    AnswerSpec,
    CountSpec,
    EvaluateSpec,
    GenerateSpec,
    InspectSpec,
    JobSpec,
    JudgedSearchSpec,
    JudgeSpec,
    RecipeSpec,
    ScoreSpec,
    SearchSpec,
    SensitivitySpec,
    ShiftSpec,
)
from workbench.search.strategies import title_of
from workbench.wording import counted

RECIPE_NAMES = {
    "decoding": "Decoding parameters", "scaling": "Number of demonstrations",
    "demonstration_parts": "What matters in a demonstration", "tuning": "In context against fine-tuned",
}


def job_title(spec: JobSpec) -> str:
    """ "Greedy search, 212 candidates, 40 questions" """
    match spec:
        case ScoreSpec():
            return f"Score {counted(len(spec.candidates), 'candidate')}, {counted(len(spec.questions), 'question')}"
        case SearchSpec():
            name = title_of(spec.strategy)
            return f"{name}, {counted(len(spec.candidates), 'candidate')}, {counted(len(spec.questions), 'question')}"
        case SensitivitySpec():
            return f"Leave one out of {counted(len(spec.prompt.demonstrations), 'demonstration')}"
        case AlignSpec():
            return f"Train {spec.student.name}, {METHOD_NAMES[spec.options.method]}"
        case EvaluateSpec():
            return f"Evaluate {spec.model.name}, {counted(len(spec.options.tasks) + bool(spec.questions), 'task')}"
        case AnswerSpec():
            who = counted(len(spec.contestants), "contestant")
            return f"Answer {counted(len(spec.questions), 'question')}, {who}"
        case JudgeSpec():
            if spec.plan is not None:
                return "Likelihood of the references" if spec.judge == "reference" else "Judge the answers"
            if spec.judge == "reference":
                under = (spec.answered_under and spec.answered_under.name) or "no prompt"
                return f"Likelihood of {counted(len(spec.matches), 'reference')}, {spec.model.name}, {under}"
            pairs = spec.matches and spec.matches[0].second is not None
            return f"Judge {counted(len(spec.matches), 'answer pair' if pairs else 'answer')}"
        case RecipeSpec():
            return (f"{RECIPE_NAMES[spec.recipe]}, {counted(len(spec.contestants), 'contestant')}, "
                    f"{counted(len(spec.questions), 'question')}")
        case JudgedSearchSpec():
            return f"Greedy search by a judge, {counted(len(spec.candidates), 'candidate')}"
        case ShiftSpec():
            return f"Compare {counted(len(spec.contestants), 'contestant')} with {spec.model.name}, token by token"
        case InspectSpec():
            return f"Look at question {spec.question.key or spec.question.id} with demonstration {spec.candidate.id}"
        case CountSpec():
            return f"Count the tokens of {counted(len(spec.texts), 'text')}"
        case GenerateSpec():
            return f"Answer {counted(len(spec.turns), 'turn')}"
        case _:
            assert_never(spec)


def job_detail(spec: JobSpec) -> str:
    """What it runs on."""
    if isinstance(spec, AlignSpec):
        return f"Teacher {spec.teacher.name}, {spec.options.steps} steps, seed {spec.options.seed}"
    if isinstance(spec, AnswerSpec | RecipeSpec):
        return ", ".join(dict.fromkeys(contestant.model.name for contestant in spec.contestants))
    if isinstance(spec, SearchSpec):
        return f"{spec.model.name}, {spec.rounds} rounds, seed {spec.seed}"
    return spec.model.name


def job_outcome(kind: str, summary: Mapping[str, Any]) -> str:
    """What a finished job found, in a line."""
    if kind == "score":
        return f"{counted(summary['candidates'], 'candidate')} scored on {counted(summary['answers'], 'answer')}"
    if kind == "align":
        before, after = summary["before"], summary["after"]
        return (f"Best subset agrees with the teacher’s in {after['consistency_best'] * 100:.0f} % "
                f"(was {before['consistency_best'] * 100:.0f} %)")
    if kind == "evaluate":
        scores = ((task, *next(iter(values.items()))) for task, values in summary["tasks"].items() if values)
        return ", ".join(f"{task} {measure} {value:.3f}" for task, measure, value in scores)
    if kind == "recipe":
        trained = f"{counted(summary['trained'], 'model')} trained, " if summary.get("trained") else ""
        return f"{trained}{counted(summary['answers'], 'answer')}, {counted(summary['evaluated'], 'prompt')} measured"
    if kind == "answer":
        return f"{counted(summary['answers'], 'answer')}, {counted(summary['tokens'], 'token')}"
    if kind == "judged_search":
        taus = [f"{one['tau']:.2f}" for one in summary["rounds"] if one["tau"] is not None]
        agrees = f". Agrees with the likelihood’s order: τ {', '.join(taus)}" if taus else ""
        return f"Chosen: {', '.join(map(str, summary['chosen'])) or 'nothing'}{agrees}"
    if kind == "shift":
        total = sum(summary[name] for name in ("unshifted", "marginal", "shifted")) or 1
        return ", ".join(f"{summary[name] / total:.0%} {name}" for name in ("unshifted", "marginal", "shifted"))
    if kind == "judge":
        unreadable = f", {summary['unreadable']} unreadable" if summary["unreadable"] else ""
        cost = f", cost {amount(summary['cost'])}" if summary["cost"] else ""
        return f"{counted(summary['judgements'], 'judgement')}{unreadable}{cost}"
    if kind == "sensitivity":
        least = min(summary["demonstrations"], key=lambda one: float(one["mean"]))
        return f"The demonstration in place {least['place']} adds least: {least['mean']:+.3f} nats per answer"
    if kind != "search":
        return ""
    chosen = "Chosen: " + ", ".join(map(str, summary["chosen"])) if summary["chosen"] else "Nothing chosen"
    difference = (summary["heldout"] or {}).get("difference")
    if summary.get("racing"):
        chosen += f". Racing saved {summary['racing']['saved']:.0%} of the evaluations"
    if not difference:
        return chosen
    return (f"{chosen}. Held out: {difference['mean']:+.2f} nats per answer against random sets "
            f"({difference['low']:+.2f} to {difference['high']:+.2f})")
