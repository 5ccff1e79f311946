"""``workbench``: the command line. Every job of the window can be done from here too.

Commands exit with 0, 1 (an error that can be mended, said in one line) or 2 (wrong usage); --json prints data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.command_line.arguments import Choices, Parser, above_zero, add, group, positive, whole
from workbench.command_line.bench_arguments import add_bench
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.command_line.output import Output

JOB, GRAB = "_job", "_grab"          # the packaged program starts its own jobs, and pictures, with these words


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):        # what a terminal's encoding lacks must not end a command
            stream.reconfigure(errors="backslashreplace")
    if arguments[:1] in ([JOB], [GRAB]):
        module = "workbench.jobs.__main__" if arguments[0] == JOB else "workbench.gui.shell.grab"
        code: int = import_module(module).main(list(arguments[1:]))
        return code
    options = parser().parse_args(arguments)
    try:
        output = _command(options)
    except WorkbenchError as error:
        return _refuse(error, as_json=options.json)
    except KeyboardInterrupt:
        return _refuse(WorkbenchError("Cancelled."), as_json=options.json)
    return _print(output, as_json=options.json)


def _command(options: argparse.Namespace) -> Output:
    """Run the chosen command. Its module is imported now and not before, so that --help is quick."""
    module, _, function = options.run.partition(":")
    output: Output = getattr(import_module(f"workbench.command_line.{module}"), function)(options)
    return output


def _print(output: Output, *, as_json: bool) -> int:
    from workbench.command_line.output import as_json as encode

    text = encode(output.data) if as_json else output.text
    try:
        _say(text)
    except OSError as error:                         # a full disk
        return _refuse(WorkbenchError(f"Standard output cannot be written: {error.strerror}."), as_json=False)
    return output.code


def _say(text: str) -> None:
    try:
        if text:
            print(text, flush=True)
    except BrokenPipeError:                          # the reader (head, less) has seen enough
        sys.stdout = None


def _refuse(error: WorkbenchError, *, as_json: bool) -> int:
    from workbench.command_line.output import as_json as encode

    if as_json:
        _say(encode({"error": {"what": error.what, "safe": error.safe, "remedy": error.remedy}}))
    print("workbench: " + " ".join(str(error).split()), file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="workbench", description="Curate in-context demonstrations with local models.")
    top.add_argument("--version", action="version", version=f"workbench {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_window(commands)
    _add_data(commands)
    _add_models(commands)
    _add_runs(commands)
    _add_align(commands)
    _add_evaluate(commands)
    add_bench(commands)
    _add_jobs(commands)
    return top


def _add_window(commands: Any) -> None:
    command = add(commands, "open", "window:open_", "open the window (without a display: the tour)", project=False)
    command.add_argument("project", type=Path, nargs="?", help="the project's folder")
    command.add_argument("--sample", action="store_true", help="open the sample project")
    about = "the main job from import to report, without a display"
    command = add(commands, "tour", "window:tour", about, project=False)
    command.add_argument("out", type=Path, help="the folder for its results")
    about = "the versions of the program and of what it stands on; what installed packages bring in vain"
    add(commands, "version", "about:version", about, project=False)


def _add_data(commands: Any) -> None:
    command = add(commands, "new", "data:new", "make a project in a new or empty folder")
    command.add_argument("--name", default="")
    command = add(commands, "import", "data:import_", "bring in demonstrations, a prompt or questions from a file; or "
                  "demonstrations that are made for questions with an exact grader, by their source's name")
    command.add_argument("file", type=Path, help="a file or a saved dataset's folder; - for standard input")
    command.add_argument("--count", type=positive, default=4_000, help="of demonstrations that are made: how many")
    command.add_argument("--format", default="auto", help="by default it is detected")
    command.add_argument("--encoding", default="auto")
    command.add_argument("--source", default="", help="the source of rows that name none")
    command.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="may be repeated")
    command.add_argument("--references", type=Path, help="reference answers of MT-Bench questions")
    _held_out_option(command)
    command.add_argument("--all-or-nothing", action="store_true", help="one bad row and nothing is imported")
    command.add_argument("--take-over", action="store_true",
                         help="give the tags, ratings and notes of rows that are there already to those they met")
    command.add_argument("--preview", action="store_true", help="look at the first rows and import nothing")
    command = add(commands, "export", "data:export", "write demonstrations, a prompt or a job's report to a file")
    command.add_argument("out", type=Path)
    command.add_argument("--format", default="", help="jsonl, openai, alpaca, csv, parquet, urial, markdown, html, "
                         "or one that an installed package brings; by default the file's name tells")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--filter", default="", metavar="QUERY", help="which demonstrations, as in the search field")
    what.add_argument("--prompt", nargs="?", const="", metavar="PROMPT", help="a prompt by id or name")
    what.add_argument("--report", type=int, metavar="JOB", help="the report of a score or search job")
    what.add_argument("--student", type=int, metavar="JOB", help="a training job's student: merged, adapter or gguf")
    command = add(commands, "list", "data:list_", "list demonstrations")
    command.add_argument("query", nargs="?", default="", help='as in the search field: "tag:x gain>0 words"')
    command.add_argument("--sort", default="id", choices=("id", "instruction", "category", "tokens", "gain", "rating",
                                                          "status", "relevance"))
    command.add_argument("--descending", action="store_true")
    command.add_argument("--limit", type=whole, default=50)
    command = add(commands, "show", "data:show", "show one demonstration and its history")
    command.add_argument("id", type=int)
    add(commands, "undo", "data:undo", "take the last change back")
    add(commands, "redo", "data:redo", "do the change again that was taken back")
    command = add(commands, "check", "data:check", "verify a project: hashes, foreign keys, full-text index")
    command.add_argument("--rebuild-search", action="store_true", help="make the full-text index anew first")
    add(commands, "backup", "data:backup", "copy the project's database into its backups folder")
    _add_sets(commands)


def _add_sets(commands: Any) -> None:
    questions = group(commands, "questions", "question sets")
    add(questions, "list", "data:questions_list", "list the question sets")
    about = "import questions: MT-Bench, AlpacaEval, a table; or the workbench's own, called general"
    command = add(questions, "add", "data:questions_add", about)
    command.add_argument("file", type=Path)
    command.add_argument("--pool", action="store_true", help="with general: its demonstrations and a prompt, too")
    command.add_argument("--references", type=Path, help="a file or folder of reference answers")
    command.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="may be repeated")
    command.add_argument("--name", default="")
    _held_out_option(command)
    about = "keep a question set for reporting: searches never search on it"
    command = add(questions, "hold-out", "data:questions_hold_out", about)
    command.add_argument("set", help="id or name")
    command.add_argument("--undo", action="store_true", help="search on it again")
    prompts = group(commands, "prompts", "prompts")
    add(prompts, "list", "data:prompts_list", "list the prompts")
    command = add(prompts, "show", "data:prompts_show", "print a prompt's exact text")
    command.add_argument("prompt", nargs="?", help="id or name; by default the first")
    command = add(prompts, "add", "data:prompts_add", "add demonstrations to a prompt")
    command.add_argument("prompt", help="id or name")
    command.add_argument("ids", type=int, nargs="+", help="demonstrations")
    command.add_argument("--position", default="before_base", choices=("before_base", "after_base"))


def _add_models(commands: Any) -> None:
    models = group(commands, "models", "language models")
    add(models, "list", "models:list_", "list the models")
    command = add(models, "add", "models:add", "add a model's or adapter's folder, or a .gguf file")
    command.add_argument("path", type=Path)
    command.add_argument("--name", default="")
    command.add_argument("--base", type=Path, help="the folder of an adapter's base model; by default it is looked for")
    command = add(models, "serve", "models:serve", "add a model on an OpenAI-compatible server")
    command.add_argument("url", help="the server's address, as http://localhost:8000/v1")
    command.add_argument("--model", default="", help="its name there; needed where the server has several")
    command.add_argument("--name", default="")
    command.add_argument("--concurrency", type=positive, default=4, help="requests at a time")
    command.add_argument("--per-minute", type=whole, default=0, help="requests a minute at most; 0: no limit")
    command.add_argument("--timeout", type=above_zero, default=120.0, help="seconds without a sign of life")
    command = add(models, "key", "models:key", "keep a server's key in the keyring", project=False)
    command.add_argument("url")
    command = add(models, "hub", "models:hub", "size and files of a model on the Hugging Face Hub", project=False)
    command.add_argument("repo", help="as on the Hub: organisation/name")
    command.add_argument("--revision", default="main")
    command = add(models, "download", "models:download", "download a model from the Hub and add it")
    command.add_argument("repo", help="as on the Hub: organisation/name")
    command.add_argument("--revision", default="main")
    command.add_argument("--file", default="", metavar="NAME", help="one of its GGUF files")
    command.add_argument("--name", default="")
    add(models, "cached", "models:cached", "models of the Hub that are on this computer", project=False)
    command = add(models, "use", "models:use", "make a model the current one")
    command.add_argument("model", help="id or name")


def _add_runs(commands: Any) -> None:
    _run_options(add(commands, "score", "running:score", "measure what each candidate does to the reference answers"))
    about = "measure what each demonstration of a prompt, and their order, does to the reference answers"
    command = add(commands, "sensitivity", "sensitivity:sensitivity", about)
    command.add_argument("prompt", nargs="?", help="id or name; by default the first")
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--questions", metavar="SET", help="id or name; by default the first that is not held out")
    command.add_argument("--turns", default="first", choices=("first", "all"))
    command.add_argument("--orders", type=whole, default=24, help="orders to try at most; 0: none")
    command.add_argument("--seed", type=whole, default=0)
    _devices_option(command)
    command = add(commands, "search", "running:search", "search for the set that helps most")
    _run_options(command)
    command.add_argument("--heldout", metavar="SET", help="questions to report on: a set, “split” for every second "
                         "question, or “none”; by default the held-out set, or split where there is none")
    command.add_argument("--rounds", type=positive, default=3, help="how many demonstrations to choose")
    command.add_argument("--budget", type=whole, default=0, help="tokens of the prompt; 0: the model's context")
    command.add_argument("--strategy", default="greedy", choices=Choices("workbench.search.strategies", "offered"),
                         metavar="STRATEGY", help="how the set is chosen: %(choices)s")
    command.add_argument("--random-sets", type=whole, default=20, help="how many random sets to compare with")
    command.add_argument("--overlapping", action="store_true",
                         help="search also among candidates that ask one of the questions; otherwise left out")
    command.add_argument("--racing", default="off", choices=("off", "t_race", "halving"),
                         help="drop candidates that fall behind before they are scored on all questions")
    command.add_argument("--beam-width", type=positive, default=3, help="sets that beam search carries on")
    command.add_argument("--swap-passes", type=positive, default=2, help="how often swaps go over the set at most")
    command.add_argument("--random-tries", type=whole, default=0,
                         help="sets of best_random; 0: as many as greedy search evaluates")
    command.add_argument("--order", default="found", choices=("found", "likelihood", "global_entropy", "local_entropy"),
                         help="the order of the chosen demonstrations: as found, the likeliest answers', or, for "
                              "questions with few different answers, that of the most even predictions")
    command.add_argument("--equal-evaluations", action="store_true",
                         help="also report the best of as many random sets as the search evaluated")
    command.add_argument("--embedding-baselines", action="store_true",
                         help="also report the sets that the model's embeddings choose: nearest, set coverage, fast "
                              "vote-k")


def _add_align(commands: Any) -> None:
    command = add(commands, "align", "aligning:align", "train a small model to prefer what a large one prefers")
    command.add_argument("--teacher", help="id or name; by default the largest model")
    command.add_argument("--student", help="id or name; by default the smallest other model")
    methods = ("bialign", "output", "finetune", "pretrain", "vanilla")
    command.add_argument("--method", default="bialign", choices=methods)
    command.add_argument("--preset", default="quick", choices=("quick", "balanced", "machine", "paper"),
                         help="machine: balanced, made to fit this one")
    command.add_argument("--pool", type=Path, help="tasks from a file; by default the project's demonstrations, or "
                         "the sample tasks where these make fewer than three")
    command.add_argument("--targets", metavar="TASK,TASK", help="tasks to measure on; by default every third")
    command.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="change a setting")
    command.add_argument("--examples", type=positive, default=100, help="held-out examples that are measured")
    command.add_argument("--seed", type=whole, default=0)
    command.add_argument("--register", metavar="NAME", default="", help="add the trained student as a model")
    _devices_option(command)


def _add_evaluate(commands: Any) -> None:
    about = "run tasks of lm-evaluation-harness on a model (mmlu, bbh, gsm8k, logiqa, humaneval, …)"
    command = add(commands, "evaluate", "evaluating:evaluate", about)
    command.add_argument("--tasks", default="", metavar="TASK,TASK", help="names of the harness's tasks")
    command.add_argument("--questions", nargs="?", const="", metavar="SET",
                         help="also a task made from a question set: likelihood and exact match of its references")
    command.add_argument("--prompt", help="the prompt of that task, id or name; by default the first")
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--include", type=Path, action="append", default=[], metavar="FOLDER",
                         help="a folder with task files (YAML) of your own; they can run code, so only what you trust")
    command.add_argument("--limit", type=whole, default=0, help="examples of each task; 0: all")
    command.add_argument("--shots", type=whole, help="demonstrations; by default as each task says")
    command.add_argument("--allow-code", action="store_true",
                         help="let tasks run code that the model writes, on this machine (humaneval)")
    command.add_argument("--allow-download", action="store_true", help="let the harness fetch data that is not here")
    command.add_argument("--seed", type=whole, default=0)


def _run_options(command: argparse.ArgumentParser) -> None:
    which = command.add_mutually_exclusive_group()
    which.add_argument("--filter", default="", metavar="QUERY", help="which candidates, as in the search field")
    which.add_argument("--pool", default="not_rejected", choices=("not_rejected", "accepted", "all"),
                       help="which candidates, by their status")
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--prompt", help="the base prompt, id or name; by default the first")
    command.add_argument("--questions", metavar="SET", help="id or name; by default the first that is not held out")
    command.add_argument("--position", default="before_base", choices=("before_base", "after_base"))
    command.add_argument("--turns", default="first", choices=("first", "all"))
    command.add_argument("--seed", type=whole, default=0)
    command.add_argument("--write-job", type=Path, metavar="FILE",
                         help="write the job to a file and run nothing; start it with python -m workbench.jobs FILE, "
                              "on several machines with accelerate launch -m workbench.jobs FILE")
    _devices_option(command)
    _top_option(command)


def _held_out_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--held-out", action=argparse.BooleanOptionalAction,
                         help="searches report on these questions and never search on them; by default as the file's "
                              "name says")


def _devices_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--devices", type=positive, metavar="N",
                         help="how many processes share the work, one for each device; by default one for each GPU")


def _top_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--top", type=whole, default=10, help="how many candidates to print")


def _add_jobs(commands: Any) -> None:
    jobs = group(commands, "jobs", "jobs of a project")
    add(jobs, "list", "running:jobs_list", "list the jobs")
    for name, run, about in (
        ("watch", "running:jobs_watch", "look at a job that another program runs until it ends"),
        ("resume", "running:jobs_resume", "go on with a job that was interrupted, stopped or failed"),
        ("cancel", "running:jobs_cancel", "take a waiting job out of the queue"),
        ("log", "running:jobs_log", "print a job's log"),
        ("spec", "running:jobs_spec", "print what a job was told to do, to run it with python -m workbench.jobs FILE"),
        ("remove", "running:jobs_remove", "forget an ended job and its results"),
    ):
        command = add(jobs, name, run, about)
        command.add_argument("id", type=int)
        if name == "resume":
            command.add_argument("--checkpoint", type=positive, metavar="STEP", help=(
                "of a training run: go on from this one of the kept checkpoints, by default from the newest; newer "
                "ones and the curves after it are replaced"))
            _top_option(command)
