"""The paper's target tasks through lm-evaluation-harness, on any model of the project.

The harness brings the tasks, their prompts and measures (MMLU, BBH, GSM8K, LogiQA, HumanEval and hundreds more); the
model is ours, whatever runs it, with what its requests share computed once.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.alignment.harness_options import PAPER_TASKS, HarnessOptions
from workbench.domain import DecodingSettings, Rendered, Span, SpanKind
from workbench.errors import JobError, WorkbenchError
from workbench.models.base import Draw, LanguageModel, ScoredSequence
from workbench.scoring.sequences import answer_sequences, text_sequence

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance
    from lm_eval.tasks import TaskManager

MOST_TOKENS = 256                    # of an answer, where a task sets no limit
RESAMPLED = 200                      # for the standard errors that have no closed form
INSTALL = "pip install 'lm-eval>=0.4.9,<0.5'"
Advance = Callable[[int, int, str], None]


def evaluate(model: LanguageModel, options: HarnessOptions, advance: Advance) -> dict[str, Any]:
    """Scores by task: ``{"tasks": {task: {measure: value}}, "errors": {task: {measure: standard error}},
    "examples": {task: n}, "lm_eval": version}``. A group of tasks is one too.

    ``advance`` gets (done, total, what) and may raise Cancelled. Raises JobError: not installed, no such task, data
    that cannot be reached, code that nobody allowed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                  # of the harness and of the libraries that it imports
        try:
            import lm_eval
            from lm_eval.tasks import TaskManager
        except ImportError as error:
            raise JobError("lm-evaluation-harness is not installed.", safe="Nothing was run.",
                           remedy=f"Install it with: {INSTALL}") from error
        manager = TaskManager(include_path=list(options.folders) or None, include_defaults=False)
        if _unknown(options.tasks, manager):             # reading the harness's own thousands of files takes a while
            manager = TaskManager(include_path=list(options.folders) or None)
        _check_names(options.tasks, manager)
        loaded = _load(manager, options.tasks)
        _check_code(loaded, allowed=options.allow_code)
        found = lm_eval.simple_evaluate(
            _adapted(model, advance), tasks=list(options.tasks), task_manager=manager, num_fewshot=options.shots,
            limit=options.limit or None, confirm_run_unsafe_code=options.allow_code, bootstrap_iters=RESAMPLED,
            log_samples=False, random_seed=options.seed, numpy_random_seed=options.seed,
            torch_random_seed=options.seed, fewshot_random_seed=options.seed)
    assert found is not None
    return {"tasks": {task: _measures(values) for task, values in found["results"].items()},
            "errors": {task: _errors(values) for task, values in found["results"].items()},
            "examples": _examples(found), "lm_eval": lm_eval.__version__}


def _unknown(tasks: Sequence[str], manager: TaskManager) -> list[str]:
    return [task for task in tasks if not manager.match_tasks([task])]


def _check_names(tasks: Sequence[str], manager: TaskManager) -> None:
    unknown = _unknown(tasks, manager)
    if unknown:
        raise JobError(f"lm-evaluation-harness has no task “{unknown[0]}”.", safe="Nothing was run.",
                       remedy=f"The paper's are {', '.join(PAPER_TASKS)}; a folder of task files adds others.")


def _load(manager: TaskManager, tasks: Sequence[str]) -> Mapping[str, Any]:
    """The tasks with their data, which are fetched here if they are not on this machine."""
    try:
        loaded: Mapping[str, Any] = manager.load(list(tasks))["tasks"]
    except (OSError, ImportError, ValueError, RuntimeError) as error:      # datasets raises a different one a cause
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise JobError(f"The data of {', '.join(tasks)} cannot be read: {reason[0][:200]}", safe="Nothing was run.",
                       remedy="Allow downloads, or put the data into this machine's Hugging Face cache.") from error
    return loaded


def _check_code(loaded: Mapping[str, Any], *, allowed: bool) -> None:
    running = [name for name, task in loaded.items() if getattr(task, "UNSAFE_CODE", False)]
    if running and not allowed:
        raise JobError(f"{running[0]} runs code that the model writes, on this machine and with your rights.",
                       safe="Nothing was run.", remedy="Allow it if you trust the model, or leave the task out.")


def _measures(values: Mapping[str, Any]) -> dict[str, float]:
    """``{"exact_match,none": 0.5, "exact_match_stderr,none": "N/A", …}`` without what is not measured."""
    return {name.removesuffix(",none"): float(value) for name, value in values.items()
            if isinstance(value, int | float) and "stderr" not in name and name not in ("sample_len", "sample_count")}


def _errors(values: Mapping[str, Any]) -> dict[str, float]:
    """The standard errors by their measures' names."""
    return _measures({name.replace("_stderr", ""): value for name, value in values.items() if "_stderr" in name})


def _examples(found: Mapping[str, Any]) -> dict[str, int]:
    """How many each task has; a group's are those of all its tasks."""
    counts = {task: int(sizes["effective"]) for task, sizes in found["n-samples"].items()}
    inner: Mapping[str, Sequence[str]] = found.get("group_subtasks") or {}

    def size(task: str) -> int:
        return counts[task] if task in counts else sum(size(one) for one in inner.get(task, ()))

    return {task: size(task) for task in found["results"]}


def _adapted(model: LanguageModel, advance: Advance) -> Any:
    """Our model as the harness's ``LM``."""
    from lm_eval.api.model import LM

    class Adapted(LM):                                                     # type: ignore[misc]
        def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
            sequences = [continuation(model, *request.args) for request in requests]
            found = model.logprobs(sequences, lambda done: advance(done, len(sequences), "likelihoods"))
            # Which answer is the likeliest is known; that each token is, only some tasks ask for.
            asked = any(request.request_type == "loglikelihood" and request.metadata[0] in greedy_tasks(requests)
                        for request in requests)
            greedy = [asked and is_greedy(model, sequence) for sequence in sequences]
            return [(sum(values), first) for values, first in zip(found, greedy, strict=True)]

        def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
            sequences = [text_sequence(request.args[0], model.tokenizer) for request in requests]
            too_long = max((len(sequence.ids) for sequence in sequences), default=0)
            if too_long > model.context:
                raise JobError(f"A text has {too_long} tokens; the model takes {model.context}.",
                               remedy="Choose tasks with shorter texts.")
            return [sum(values) for values in model.logprobs(sequences)]

        def generate_until(self, requests: list[Instance]) -> list[str]:
            wanted = [_draw(model, *request.args) for request in requests]
            done: list[int] = []

            def drawn(index: int, _: object) -> None:
                done.append(index)
                advance(len(done), len(wanted), "answers")

            return [one.text for one in model.draw(wanted, on_drawn=drawn)]

    return Adapted()


def greedy_tasks(requests: Sequence[Instance]) -> set[str | None]:
    """Tasks with one request a document: of these the harness uses whether the answer is the greedy one."""
    seen: dict[tuple[str | None, int], int] = {}
    for request in requests:
        key = (request.task_name, request.doc_id)
        seen[key] = seen.get(key, 0) + 1
    return {task for (task, _), count in seen.items() if count == 1}


def continuation(model: LanguageModel, context: str, answer: str) -> ScoredSequence:
    """``answer`` after ``context``, tokenised as one text, cut at the left to what the model takes.

    As in the harness, white space at the context's end counts to the answer.
    """
    start = len(context.rstrip())
    text = context + answer
    sequence = answer_sequences([Rendered(text, (Span(start, len(text), SpanKind.REPLY, 0),), ())], model.tokenizer)[0]
    excess = max(0, len(sequence.ids) - model.context)
    if excess >= sequence.start:
        raise JobError("An answer alone is longer than the model's context.", remedy="Choose another task or model.")
    return ScoredSequence(sequence.ids[excess:], sequence.start - excess, sequence.end - excess)


def is_greedy(model: LanguageModel, sequence: ScoredSequence) -> bool:
    return all(token.rank == 1 for token in model.inspect(sequence, 1))


def _draw(model: LanguageModel, prompt: str, settings: Mapping[str, Any]) -> Draw:
    until = settings.get("until") or ()
    stop = (until,) if isinstance(until, str) else tuple(until)
    tokens = int(settings.get("max_gen_toks") or MOST_TOKENS)
    ids = model.tokenizer.encode(prompt).ids
    room = model.context - tokens
    if room <= 0:
        raise WorkbenchError(f"Answers of {tokens} tokens do not fit into a context of {model.context}.")
    if len(ids) > room:
        prompt = model.tokenizer.decode(ids[-room:])
    temperature = float(settings.get("temperature") or 0.0) if settings.get("do_sample") else 0.0
    return Draw(prompt, DecodingSettings(max_tokens=tokens, temperature=temperature, stop=stop))


def write_local_task(folder: Path, name: str, examples: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """A task file of the harness from (context, answer) pairs, with two tasks: the answer's likelihood, and whether
    it is generated exactly. Returns their names."""
    data = folder / f"{name}.jsonl"
    data.write_text("".join(json.dumps({"context": context, "answer": answer}) + "\n" for context, answer in examples),
                    "utf-8")
    common = {"dataset_path": "json", "dataset_kwargs": {"data_files": {"test": str(data.resolve())}},
              "test_split": "test", "doc_to_text": "{{context}}", "doc_to_target": "{{answer}}",
              "target_delimiter": ""}
    likelihood = {"task": f"{name}_likelihood", "output_type": "loglikelihood",
                  "metric_list": [{"metric": "perplexity"}, {"metric": "acc"}]}
    answers = {"task": f"{name}_answers", "output_type": "generate_until",
               "generation_kwargs": {"until": ["\n```", "\n# Query:"], "max_gen_toks": 64},
               "metric_list": [{"metric": "exact_match"}]}
    for task in (likelihood, answers):                                     # JSON is YAML
        (folder / f"{task['task']}.yaml").write_text(json.dumps(common | task, indent=1), "utf-8")
    return str(likelihood["task"]), str(answers["task"])
