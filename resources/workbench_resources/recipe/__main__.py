"""``python -m resources.recipe train|measure|sample|tasks|gains``: make the tiny models and the sample again."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m resources.recipe", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a model from a seed; goes on where its folder left off")
    train.add_argument("name", choices=("teacher", "student"))
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--tokens", type=float, help="million tokens, instead of the recipe's number")
    train.add_argument("--threads", type=int, default=1)
    train.add_argument("--fused", action="store_true", help="compile the model first: faster, needs a C++ compiler")
    measure = commands.add_parser("measure", help="print how well a model learns in context")
    measure.add_argument("model", type=Path)
    measure.add_argument("--count", type=int, default=40, help="questions a family")
    measure.add_argument("--json", action="store_true")
    sample = commands.add_parser("sample", help="write the sample project")
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--out", type=Path, required=True)
    tasks = commands.add_parser("tasks", help="write the pool of tasks that students are trained on")
    tasks.add_argument("--seed", type=int, default=0)
    tasks.add_argument("--out", type=Path, required=True)
    gains = commands.add_parser("gains", help="print what the sample's candidates do to a model, by quality")
    gains.add_argument("model", type=Path)
    gains.add_argument("--sample", type=Path, required=True)
    gains.add_argument("--candidates", type=int, default=12, help="candidates of each quality")
    gains.add_argument("--questions", type=int, default=16)
    gains.add_argument("--last", action="store_true", help="candidates stand after the base demonstrations")
    chosen = parser.parse_args(arguments)
    commands_by_name = {"train": _train, "measure": _measure, "sample": _sample, "tasks": _tasks, "gains": _gains}
    commands_by_name[chosen.command](chosen)
    return 0


def _train(chosen: argparse.Namespace) -> None:
    from dataclasses import replace

    import torch

    from workbench_resources.recipe.model import SIZES
    from workbench_resources.recipe.train import Training

    torch.set_num_threads(chosen.threads)
    size = SIZES[chosen.name]
    if chosen.tokens:
        size = replace(size, tokens=chosen.tokens, stop=None)
    Training(chosen.name, chosen.seed, chosen.out, size, chosen.fused).run()


def _measure(chosen: argparse.Namespace) -> None:
    from workbench_resources.recipe import measure

    found = measure.table(*measure.load(chosen.model), chosen.count)
    print(json.dumps(found) if chosen.json else measure.as_text(found))


def _sample(chosen: argparse.Namespace) -> None:
    from workbench_resources.recipe import sample

    sample.write(chosen.out, chosen.seed)


def _tasks(chosen: argparse.Namespace) -> None:
    from workbench_resources.recipe import tasks

    tasks.write(chosen.out, chosen.seed)


def _gains(chosen: argparse.Namespace) -> None:
    from workbench_resources.recipe import gains, measure

    model, encoder = measure.load(chosen.model)
    found = gains.by_quality(
        model, encoder, chosen.sample, chosen.candidates, chosen.questions, first=not chosen.last
    )
    for quality, values in found.items():
        mean = sum(values) / len(values)
        print(f"{quality:10}  mean {mean:+.3f}  from {min(values):+.3f} to {max(values):+.3f}  ({len(values)})")


if __name__ == "__main__":
    raise SystemExit(main())
