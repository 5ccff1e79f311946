"""`make bench-align-methods`: vanilla, FT, C-Pretrain, Output-Align and BiAlign on the sample's tasks, three seeds.

Every method starts from the carried student and gets the same samples, steps and learning rate; target tasks are never
trained on. A seed draws the samples, their order and the held-out examples anew. Printed are means over seeds with
Student's 95 % intervals; the rows compare BiAlign with the others on the same seeds. Nothing fails: whichever method
wins is reported. ``--steps N``, ``--seeds 0 1 2``, ``--examples N`` and ``--set OPTION=VALUE`` change the run.
``--from FILE …`` puts the results of several such runs, with other seeds, together.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

import workbench_resources as resources
from tests.perf.report import Row, one_thread, write
from workbench.alignment.episodes import Tasks, group_by_task
from workbench.alignment.measures import Measures
from workbench.alignment.options import METHOD_NAMES, PRESETS, AlignmentOptions, Method
from workbench.alignment.run import Models, train_student
from workbench.command_line.aligning import changed_options
from workbench.domain import Demonstration
from workbench.models.tokenizer import FastTokenizer
from workbench.statistics.student import t_interval

METHODS: tuple[Method, ...] = get_args(Method)
SHOWN = {
    "best": "best agrees", "worst": "worst agrees", "tau": "Kendall tau", "kl": "KL", "log_likelihood_1": "log-lik. 1",
    "log_likelihood_8": "log-lik. 8", "exact_match_8": "exact 8", "flops": "TFLOP",
}
Found = dict[str, dict[str, list[float]]]        # method, measure, by seed


class Quiet:
    """A run's watcher that says nothing."""

    def progress(self, done: int, total: int, unit: str, message: str) -> None: ...

    def metric(self, name: str, step: int, value: float) -> None: ...


def sample_tasks(pool: Path) -> tuple[Tasks, Tasks]:
    """Source and target tasks: every third is measured on."""
    rows = [json.loads(line) for line in pool.read_text("utf-8").splitlines()]
    tasks = group_by_task([Demonstration.pair(row["instruction"], row["output"], category=row["category"],
                                              tags=tuple(row["tags"])) for row in rows])
    held = sorted(tasks)[2::3]
    return {name: tasks[name] for name in tasks if name not in held}, {name: tasks[name] for name in held}


def numbers(measures: Measures, flops: float) -> dict[str, float]:
    found = {"best": measures.consistency.best, "worst": measures.consistency.worst, "tau": measures.consistency.tau,
             "kl": measures.kl or 0.0, "flops": flops / 1e12}
    for shots in measures.shots:
        found[f"log_likelihood_{shots.demonstrations}"] = shots.log_likelihood
        found[f"exact_match_{shots.demonstrations}"] = shots.exact_match
    return found


def run_all(models: Models, tasks: tuple[Tasks, Tasks], options: AlignmentOptions, seeds: Sequence[int],
            examples: int) -> Found:
    found: Found = {method: {} for method in METHODS}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            for method in METHODS:
                started = time.process_time()
                chosen = replace(options, method=method, seed=seed, evaluate_every=0, save_every=options.steps)
                place = Path(folder) / method
                place.mkdir()
                (place / "teacher").symlink_to(Path(folder) / "teacher")          # the methods share its part
                (Path(folder) / "teacher").mkdir(exist_ok=True)
                outcome = train_student(replace(models, student=copy.deepcopy(models.student)), *tasks, chosen, place,
                                        Quiet(), examples)
                for measure, value in numbers(outcome.after, outcome.flops).items():
                    found[method].setdefault(measure, []).append(value)
                print(f"seed {seed}, {method}: {time.process_time() - started:.0f} CPU s", flush=True)
    return found


def as_table(found: Found) -> str:
    def cell(values: list[float]) -> str:
        interval = t_interval(tuple(values))
        assert interval is not None
        return f"{interval.mean:.3f} ± {interval.high - interval.mean:.3f}"

    lines = [("method", *SHOWN.values())]
    lines += [(METHOD_NAMES[method], *(cell(found[method][measure]) for measure in SHOWN)) for method in METHODS]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines)


def rows(found: Found) -> list[Row]:
    """BiAlign's mean lead over the other methods, seed by seed; more is better."""
    made = []
    for other in METHODS[:-1]:
        for measure in ("best", "tau", "log_likelihood_8", "exact_match_8"):
            lead = t_interval(tuple(a - b for a, b in zip(found["bialign"][measure], found[other][measure],
                                                          strict=True)))
            assert lead is not None
            made.append(Row(f"BiAlign over {other}: {SHOWN[measure]} ({lead.low:+.3f} to {lead.high:+.3f})", lead.mean,
                            "", None, "higher"))
    cost = sum(found["bialign"]["flops"]) / sum(found["output"]["flops"])
    made.append(Row("FLOPs of BiAlign over Output-Align (paper: 2.3)", cost, "×", None, "lower"))
    return made


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--pool", type=Path, default=resources.path("sample", "tasks.jsonl"))
    parser.add_argument("--teacher", type=Path, default=resources.path("models", "tiny-teacher"))
    parser.add_argument("--student", type=Path, default=resources.path("models", "tiny-student"))
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--out", default="align_methods", help="the name of the file under build/bench")
    parser.add_argument("--from", dest="parts", type=Path, nargs="+", default=[])
    chosen = parser.parse_args()
    options = changed_options(PRESETS["quick"], chosen.set)
    if chosen.steps:
        options = replace(options, steps=chosen.steps, episodes=chosen.steps * options.batch)
    about = {"options": asdict(options), "seeds": chosen.seeds, "examples": chosen.examples}
    if chosen.parts:
        about, found = together(chosen.parts)
    else:
        one_thread()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        found = run_all(load(chosen.teacher, chosen.student), sample_tasks(chosen.pool), options, chosen.seeds,
                        chosen.examples)
    print(as_table(found))
    write(chosen.out, rows(found))
    add(chosen.out, {**about, "methods": found})
    return 0


def load(teacher: Path, student: Path) -> Models:
    networks = [AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32) for folder in (teacher, student)]
    tokenizer = FastTokenizer(student)
    return Models(networks[0], networks[1], tokenizer, tokenizer.padding)


def together(parts: Sequence[Path]) -> tuple[dict[str, Any], Found]:
    """Runs of the same options with other seeds as one."""
    read = [json.loads(part.read_text("utf-8")) for part in parts]
    if any(one["options"] != read[0]["options"] or one["examples"] != read[0]["examples"] for one in read):
        raise SystemExit("These runs differ in more than their seeds.")
    found: Found = {method: {measure: [value for one in read for value in one["methods"][method][measure]]
                             for measure in values} for method, values in read[0]["methods"].items()}
    return {**{name: read[0][name] for name in ("options", "examples")},
            "seeds": [seed for one in read for seed in one["seeds"]]}, found


def add(name: str, more: dict[str, Any], folder: Path = Path("build/bench")) -> None:
    """All values by method, measure and seed beside the rows."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | more, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
