"""The arguments of ``workbench bench``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.command_line.arguments import (
    Choices,
    above_zero,
    add,
    amount,
    group,
    names,
    positive,
    share,
    sizes,
    whole,
)


def add_bench(commands: Any) -> None:
    bench = group(commands, "bench", "answers to question sets, compared")
    command = add(bench, "contestants", "benching:contestants", "list what has answered, or can")
    command.add_argument("--questions", metavar="SET", help="only those with answers to this question set")
    command = add(bench, "answer", "benching:answer", "let models answer a question set under prompts")
    command.add_argument("--model", action="append", help="id or name; may be repeated; by default the current one")
    command.add_argument("--prompt", action="append", help='id, name or "none"; may be repeated; by default '
                         "none and the first")
    command.add_argument("--repeats", type=positive, default=1, help="answers to each question, if drawn by lot")
    _answer_options(command)
    command.add_argument("--only", type=whole, default=0, metavar="N", help="only N of the questions; 0: all")
    command = add(bench, "sweep", "benching:sweep", "decoding parameters, with a prompt and without one")
    command.add_argument("--axis", action="append", metavar="NAME=VALUE,VALUE", help="one or two; by default "
                         "temperature and repetition_penalty")
    command.add_argument("--repeats", type=positive, help="answers to each question; by default 3")
    _recipe_options(command)
    command = add(bench, "scaling", "benching:scaling", "0, 3, 5, 10, … demonstrations")
    command.add_argument("--sizes", type=sizes, help="with the base prompt's own; by default "
                         "0,3,5,10,20,30,40,50")
    command.add_argument("--series", type=names, help="of random, greedy, diverse, unsupervised; by default all, but "
                         "greedy only where gains were measured")
    command.add_argument("--ranking", type=int, metavar="JOB", help="whose ranking the greedy-ranked series takes; by "
                         "default the gains measured last")
    _pool_options(command)
    command = add(bench, "parts", "benching:parts", "what matters in a demonstration: right, wrong or no answers")
    _pool_options(command)
    command = add(bench, "tuning", "benching:tuning", "the same demonstrations in context and as training data")
    command.add_argument("--sizes", type=sizes, help="with the base prompt's own; by default "
                         "3,10,30,100,300,1000,4000")
    command.add_argument("--epochs", type=positive, default=10)
    command.add_argument("--learning-rate", type=amount, default=0.0, help="0: falls with the model's width")
    command.add_argument("--lora-rank", type=whole, default=0, help="of the adapters; 0: all weights are trained")
    _pool_options(command)
    command = add(bench, "points", "benching:points", "the chart of a recipe's job, as a table")
    command.add_argument("id", type=int, help="the job")
    command.add_argument("--score", help="a measure's name, such as log_likelihood or f1, or a judge's")
    command = add(bench, "search", "benching:search", "search answers and what was said of them")
    command.add_argument("text")
    command.add_argument("--questions", metavar="SET", help="id or name")
    command.add_argument("--limit", type=whole, default=50)
    _add_judging(bench)


def _add_judging(bench: Any) -> None:
    questions: dict[str, Any] = {"metavar": "SET", "help": "id or name; by default that with the most contestants"}
    asked: dict[str, Any] = {"metavar": "SET", "help": "id or name; by default the first that is not held out"}
    command = add(bench, "judge", "judging:judge", "let a language model judge the answers")
    command.add_argument("--judge", help="the judging model, id or name; by default the current one")
    _judge_options(command)
    command.add_argument("--contestant", action="append", default=[], help="id or name; by default all")
    command.add_argument("--questions", **questions)
    command.add_argument("--unreadable-again", action="store_true", help="ask again where no rating could be read")
    command.add_argument("--max-tokens", type=positive, default=2048)
    command.add_argument("--temperature", type=amount, default=0.0, help="0 is greedy")
    command.add_argument("--seed", type=whole, default=0)
    command.add_argument("--estimate", action="store_true", help="say what it would take and judge nothing")
    command = add(bench, "measure", "judging:measure", "what needs no model: exact match, F1, exact graders")
    command.add_argument("--questions", **questions)
    command.add_argument("--likelihood", action="store_true", help="the references' log-likelihood too (loads models)")
    command = add(bench, "shift", "judging:shift", "how far prompts and training move the base model, by token")
    command.add_argument("--base", help="the base model, id or name; by default the current one")
    command.add_argument("--contestant", action="append", default=[], help="id or name; by default all")
    command.add_argument("--questions", **questions)
    command = add(bench, "judged-search", "judging:judged_search", "greedy search by what a judge says of the answers")
    command.add_argument("--by", choices=Choices("workbench.bench.measures", "judged_by"), help="by default what "
                         "tells good answers to these questions and costs least")
    command.add_argument("--judge", help="the judging model, id or name; by default the current one")
    command.add_argument("--judge-prompts", type=Path, help="FastChat's judge_prompts.jsonl; by default our own")
    command.add_argument("--model", help="who answers, id or name; by default the current one")
    command.add_argument("--prompt", help="the base prompt, id or name; by default the first")
    command.add_argument("--filter", default="", metavar="QUERY", help="which candidates, as in the search field")
    command.add_argument("--questions", **asked)
    _few_option(command)
    command.add_argument("--rounds", type=positive, help="by default 2")
    command.add_argument("--max-tokens", type=positive, help="of an answer; by default 128")
    command.add_argument("--seed", type=whole, default=0)
    command.add_argument("--top", type=whole, default=5, help="how many candidates of a round to print")
    command = add(bench, "numbers", "judging:numbers", "means, differences, win rates, ratings, agreement")
    command.add_argument("--questions", **questions)
    command.add_argument("--by", metavar="JUDGE", help="a judge's name or a measure's; by default the first there is")
    command.add_argument("--baseline", metavar="CONTESTANT", help="of length-controlled win rates, id or name")
    command = add(bench, "import-answers", "judging:import_answers", "from FastChat, AlpacaEval or URIAL files")
    command.add_argument("files", type=Path, nargs="+")
    command.add_argument("--questions", **asked)
    command = add(bench, "import-judgements", "judging:import_judgements", "a FastChat model_judgment file")
    command.add_argument("file", type=Path)
    command.add_argument("--questions", **questions)
    command = add(bench, "export", "judging:export", "files for FastChat, AlpacaEval or URIAL")
    command.add_argument("out", type=Path, help="a folder")
    command.add_argument("--format", default="fastchat", choices=("fastchat", "alpaca_eval", "urial"))
    command.add_argument("--questions", **questions)


def _judge_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--mode", default="single", choices=("single", "pairwise-baseline", "pairwise-all"))
    command.add_argument("--baseline", help="the contestant that the others are compared with, id or name")
    command.add_argument("--judge-prompts", type=Path, help="FastChat's judge_prompts.jsonl; by default our own")
    command.add_argument("--price", type=amount, nargs=2, default=(0.0, 0.0), metavar=("IN", "OUT"),
                         help="of a million of the judge's tokens, asked and answered")
    command.add_argument("--cost-limit", type=amount, default=0.0, help="stop judging there; 0: no limit")
    command.add_argument("--read-as-fastchat", action="store_true",
                         help="the first number or verdict in the judge's words counts, as in FastChat; by default the "
                              "last one, without what the judge thought before")


def _pool_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--filter", default="", metavar="QUERY", help="which demonstrations to draw from")
    command.add_argument("--seeds", type=positive, help="how often what is drawn by lot is drawn; by default 3 times")
    command.add_argument("--no-answers", dest="answers", action="store_false", help="only the references' likelihood")
    _recipe_options(command)


def _recipe_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--prompt", help="the base prompt, id or name; by default the first")
    command.add_argument("--turns", default="all", choices=("first", "all"))
    command.add_argument("--score", help="what to print: a measure's name, such as log_likelihood or f1, or a judge's")
    _answer_options(command)
    _few_option(command)


def _few_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--only", type=whole, metavar="N", help="only N of the questions; 0: all; by default 40")


def _answer_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--questions", metavar="SET", help="id or name; by default the first that is not held out")
    command.add_argument("--max-tokens", type=positive, help="of an answer; by default 256, of a recipe's 128")
    command.add_argument("--temperature", type=amount, help="0 is greedy")
    command.add_argument("--top-p", type=share)
    command.add_argument("--top-k", type=whole)
    command.add_argument("--min-p", type=share)
    command.add_argument("--repetition-penalty", type=above_zero)
    command.add_argument("--stop", action="append", default=[], metavar="TEXT", help="may be repeated")
    command.add_argument("--seed", type=whole)
    command.add_argument("--then-judge", metavar="JUDGE", help="once all is answered, let this model judge it, id or "
                         "name; “likelihood”: measure the references' log-likelihood")
    _judge_options(command)
    command.add_argument("--judge-max-tokens", type=positive, default=2048, help="of the judge's words")
