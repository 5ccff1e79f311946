"""``python -m resources.recipe train|measure|sample``: make the tiny models and the sample project again."""

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
    chosen = parser.parse_args(arguments)
    if chosen.command == "train":
        return _train(chosen)
    if chosen.command == "measure":
        return _measure(chosen)
    from resources.recipe import sample as project

    project.write(chosen.out, chosen.seed)
    return 0


def _train(chosen: argparse.Namespace) -> int:
    from dataclasses import replace

    import torch

    from resources.recipe.model import SIZES
    from resources.recipe.train import Training

    torch.set_num_threads(chosen.threads)
    size = SIZES[chosen.name]
    if chosen.tokens:
        size = replace(size, tokens=chosen.tokens)
    Training(chosen.name, chosen.seed, chosen.out, size, chosen.fused).run()
    return 0


def _measure(chosen: argparse.Namespace) -> int:
    import torch
    from transformers import LlamaForCausalLM

    from resources.recipe import measure, tokenizer
    from resources.recipe.rows import Encoder

    torch.set_num_threads(1)
    model = LlamaForCausalLM.from_pretrained(chosen.model, dtype=torch.float32).eval()
    found = measure.table(model, Encoder(tokenizer.load(chosen.model)), chosen.count)
    print(json.dumps(found) if chosen.json else measure.as_text(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
