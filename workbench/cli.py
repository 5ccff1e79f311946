"""``workbench``: the command line. Every job of the window can be done from here too.

Commands exit with 0, 1 (an error that can be mended, said in one line) or 2 (wrong usage); --json prints data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.command_line.output import Output

JOB, GRAB = "_job", "_grab"          # the packaged program starts its own jobs, and pictures, with these words


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] in ([JOB], [GRAB]):
        module = "workbench.jobs.__main__" if arguments[0] == JOB else "workbench.gui.grab"
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
        if text:
            print(text, flush=True)
    except BrokenPipeError:                          # the reader (head, less) has seen enough
        sys.stdout = None
    return output.code


def _refuse(error: WorkbenchError, *, as_json: bool) -> int:
    from workbench.command_line.output import as_json as encode

    if as_json:
        print(encode({"error": {"what": error.what, "safe": error.safe, "remedy": error.remedy}}))
    print("workbench: " + " ".join(str(error).split()), file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="workbench", description="Curate in-context demonstrations with local models.")
    top.add_argument("--version", action="version", version=f"workbench {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_window(commands)
    _add_data(commands)
    _add_models(commands)
    _add_runs(commands)
    _add_align(commands)
    _add_evaluate(commands)
    _add_bench(commands)
    _add_jobs(commands)
    return top


def _add(commands: Any, name: str, run: str, about: str, *, project: bool = True) -> argparse.ArgumentParser:
    """One command, with what all have: --json, and mostly a project's folder."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.set_defaults(run=run)
    if project:
        command.add_argument("project", type=Path, help="the project's folder")
    return command


def _group(commands: Any, name: str, about: str) -> Any:
    group = commands.add_parser(name, help=about, description=about)
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _add_window(commands: Any) -> None:
    command = _add(commands, "open", "window:open_", "open the window (without a display: the tour)", project=False)
    command.add_argument("project", type=Path, nargs="?", help="the project's folder")
    command.add_argument("--sample", action="store_true", help="open the sample project")
    about = "the main job from import to report, without a display"
    command = _add(commands, "tour", "window:tour", about, project=False)
    command.add_argument("out", type=Path, help="the folder for its results")
    _add(commands, "version", "about:version", "the versions of the program and of what it stands on", project=False)


def _add_data(commands: Any) -> None:
    command = _add(commands, "new", "data:new", "make a project in a new or empty folder")
    command.add_argument("--name", default="")
    command = _add(commands, "import", "data:import_", "bring in demonstrations, a prompt or questions from a file")
    command.add_argument("file", type=Path)
    command.add_argument("--format", default="auto", help="by default it is detected")
    command.add_argument("--encoding", default="auto")
    command.add_argument("--source", default="", help="the source of rows that name none")
    command.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="may be repeated")
    command.add_argument("--references", type=Path, help="reference answers of MT-Bench questions")
    command.add_argument("--all-or-nothing", action="store_true", help="one bad row and nothing is imported")
    command.add_argument("--preview", action="store_true", help="look at the first rows and import nothing")
    command = _add(commands, "export", "data:export", "write demonstrations, a prompt or a job's report to a file")
    command.add_argument("out", type=Path)
    command.add_argument("--format", default="", help="jsonl, openai, alpaca, csv, parquet, urial, markdown, html")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--filter", default="", metavar="QUERY", help="which demonstrations, as in the search field")
    what.add_argument("--prompt", nargs="?", const="", metavar="PROMPT", help="a prompt by id or name")
    what.add_argument("--report", type=int, metavar="JOB", help="the report of a score or search job")
    what.add_argument("--student", type=int, metavar="JOB", help="a training job's student: merged, adapter or gguf")
    command = _add(commands, "list", "data:list_", "list demonstrations")
    command.add_argument("query", nargs="?", default="", help='as in the search field: "tag:x gain>0 words"')
    command.add_argument("--sort", default="id", choices=("id", "instruction", "category", "tokens", "gain", "rating",
                                                          "status", "relevance"))
    command.add_argument("--descending", action="store_true")
    command.add_argument("--limit", type=int, default=50)
    command = _add(commands, "show", "data:show", "show one demonstration and its history")
    command.add_argument("id", type=int)
    _add(commands, "undo", "data:undo", "take the last change back")
    _add(commands, "redo", "data:redo", "do the change again that was taken back")
    command = _add(commands, "check", "data:check", "verify a project: hashes, foreign keys, full-text index")
    command.add_argument("--rebuild-search", action="store_true", help="make the full-text index anew first")
    _add(commands, "backup", "data:backup", "copy the project's database into its backups folder")
    _add_sets(commands)


def _add_sets(commands: Any) -> None:
    questions = _group(commands, "questions", "question sets")
    _add(questions, "list", "data:questions_list", "list the question sets")
    about = "import questions: MT-Bench, AlpacaEval, a table; or the workbench's own, called general"
    command = _add(questions, "add", "data:questions_add", about)
    command.add_argument("file", type=Path)
    command.add_argument("--pool", action="store_true", help="with general: its demonstrations and a prompt, too")
    command.add_argument("--references", type=Path, help="a file or folder of reference answers")
    command.add_argument("--name", default="")
    prompts = _group(commands, "prompts", "prompts")
    _add(prompts, "list", "data:prompts_list", "list the prompts")
    command = _add(prompts, "show", "data:prompts_show", "print a prompt's exact text")
    command.add_argument("prompt", nargs="?", help="id or name; by default the first")
    command = _add(prompts, "add", "data:prompts_add", "add demonstrations to a prompt")
    command.add_argument("prompt", help="id or name")
    command.add_argument("ids", type=int, nargs="+", help="demonstrations")
    command.add_argument("--position", default="before_base", choices=("before_base", "after_base"))


def _add_models(commands: Any) -> None:
    models = _group(commands, "models", "language models")
    _add(models, "list", "models:list_", "list the models")
    command = _add(models, "add", "models:add", "add a model's or adapter's folder, or a .gguf file")
    command.add_argument("path", type=Path)
    command.add_argument("--name", default="")
    command.add_argument("--base", type=Path, help="the folder of an adapter's base model; by default it is looked for")
    command = _add(models, "serve", "models:serve", "add a model on an OpenAI-compatible server")
    command.add_argument("url", help="the server's address, as http://localhost:8000/v1")
    command.add_argument("--model", default="", help="its name there; needed where the server has several")
    command.add_argument("--name", default="")
    command.add_argument("--concurrency", type=int, default=4, help="requests at a time")
    command.add_argument("--per-minute", type=int, default=0, help="requests a minute at most; 0: no limit")
    command.add_argument("--timeout", type=float, default=120.0, help="seconds without a sign of life")
    command = _add(models, "key", "models:key", "keep a server's key in the keyring", project=False)
    command.add_argument("url")
    command = _add(models, "hub", "models:hub", "size and files of a model on the Hugging Face Hub", project=False)
    command.add_argument("repo", help="as on the Hub: organisation/name")
    command.add_argument("--revision", default="main")
    command = _add(models, "download", "models:download", "download a model from the Hub and add it")
    command.add_argument("repo", help="as on the Hub: organisation/name")
    command.add_argument("--revision", default="main")
    command.add_argument("--file", default="", metavar="NAME", help="one of its GGUF files")
    command.add_argument("--name", default="")
    _add(models, "cached", "models:cached", "models of the Hub that are on this computer", project=False)
    command = _add(models, "use", "models:use", "make a model the current one")
    command.add_argument("model", help="id or name")


def _add_runs(commands: Any) -> None:
    _run_options(_add(commands, "score", "running:score", "measure what each candidate does to the reference answers"))
    about = "measure what each demonstration of a prompt, and their order, does to the reference answers"
    command = _add(commands, "sensitivity", "sensitivity:sensitivity", about)
    command.add_argument("prompt", nargs="?", help="id or name; by default the first")
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--questions", metavar="SET", help="id or name; by default the first that is not held out")
    command.add_argument("--turns", default="first", choices=("first", "all"))
    command.add_argument("--orders", type=int, default=24, help="orders to try at most; 0: none")
    command.add_argument("--seed", type=int, default=0)
    command = _add(commands, "search", "running:search", "search for the set that helps most")
    _run_options(command)
    command.add_argument("--heldout", metavar="SET", help='held-out question set, or "none"')
    command.add_argument("--rounds", type=int, default=3, help="how many demonstrations to choose")
    command.add_argument("--budget", type=int, default=0, help="tokens of the prompt; 0: the model's context")
    strategies = ("greedy", "beam", "swap", "best_random", "random", "top_k", "diverse", "nearest", "set_coverage",
                  "vote_k")
    command.add_argument("--strategy", default="greedy", choices=strategies)
    command.add_argument("--random-sets", type=int, default=20, help="how many random sets to compare with")
    command.add_argument("--racing", default="off", choices=("off", "t_race", "halving"),
                         help="drop candidates that fall behind before they are scored on all questions")
    command.add_argument("--beam-width", type=int, default=3, help="sets that beam search carries on")
    command.add_argument("--swap-passes", type=int, default=2, help="how often swaps go over the set at most")
    command.add_argument("--random-tries", type=int, default=0,
                         help="sets of best_random; 0: as many as greedy search evaluates")
    command.add_argument("--order", default="found", choices=("found", "likelihood", "global_entropy", "local_entropy"),
                         help="the order of the chosen demonstrations: as found, the likeliest answers', or, for "
                              "questions with few different answers, that of the most even predictions")
    command.add_argument("--equal-evaluations", action="store_true",
                         help="also report the best of as many random sets as the search evaluated")
    command.add_argument("--embedding-baselines", action="store_true",
                         help="also report the sets that the model's embeddings choose: nearest, set coverage, vote-k")


def _add_align(commands: Any) -> None:
    command = _add(commands, "align", "aligning:align", "train a small model to prefer what a large one prefers")
    command.add_argument("--teacher", help="id or name; by default the current model")
    command.add_argument("--student", help="id or name; by default the smallest other model")
    methods = ("bialign", "output", "finetune", "pretrain", "vanilla")
    command.add_argument("--method", default="bialign", choices=methods)
    command.add_argument("--preset", default="quick", choices=("quick", "balanced", "paper"))
    command.add_argument("--pool", type=Path, help="tasks from a file; by default the project's demonstrations")
    command.add_argument("--targets", metavar="TASK,TASK", help="tasks to measure on; by default every third")
    command.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="change a setting")
    command.add_argument("--examples", type=int, default=100, help="held-out examples that are measured")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--register", metavar="NAME", default="", help="add the trained student as a model")


def _add_bench(commands: Any) -> None:
    bench = _group(commands, "bench", "answers to question sets, compared")
    command = _add(bench, "contestants", "benching:contestants", "list what has answered, or can")
    command.add_argument("--questions", metavar="SET", help="only those with answers to this question set")
    command = _add(bench, "answer", "benching:answer", "let models answer a question set under prompts")
    command.add_argument("--model", action="append", help="id or name; may be repeated; by default the current one")
    command.add_argument("--prompt", action="append", help='id, name or "none"; may be repeated; by default the first')
    command.add_argument("--repeats", type=int, default=1, help="answers to each question, if drawn by lot")
    _answer_options(command, temperature=0.0)
    command = _add(bench, "sweep", "benching:sweep", "decoding parameters, with a prompt and without one")
    command.add_argument("--axis", action="append", metavar="NAME=VALUE,VALUE", help="one or two; by default "
                         "temperature and repetition_penalty")
    command.add_argument("--repeats", type=int, default=3, help="answers to each question")
    _recipe_options(command, temperature=1.0)
    command = _add(bench, "scaling", "benching:scaling", "0, 3, 5, 10, … demonstrations")
    command.add_argument("--sizes", default="0,3,5,10,20,30,40,50", help="with the base prompt's own")
    command.add_argument("--series", default="random,greedy,diverse,unsupervised")
    command.add_argument("--ranking", type=int, metavar="JOB", help="whose ranking the greedy-ranked series takes; by "
                         "default the gains measured last")
    _pool_options(command)
    command = _add(bench, "parts", "benching:parts", "what matters in a demonstration: right, wrong or no answers")
    _pool_options(command)
    command = _add(bench, "tuning", "benching:tuning", "the same demonstrations in context and as training data")
    command.add_argument("--sizes", default="3,10,30,100,300,1000,4000", help="with the base prompt's own")
    command.add_argument("--epochs", type=int, default=10)
    command.add_argument("--learning-rate", type=float, default=0.0, help="0: falls with the model's width")
    command.add_argument("--lora-rank", type=int, default=0, help="of the adapters; 0: all weights are trained")
    _pool_options(command)
    command = _add(bench, "points", "benching:points", "the chart of a recipe's job, as a table")
    command.add_argument("id", type=int, help="the job")
    command.add_argument("--score", help="log_likelihood, f1, exact, rules, or a judge's name")
    command = _add(bench, "search", "benching:search", "search answers and what was said of them")
    command.add_argument("text")
    command.add_argument("--questions", metavar="SET", help="id or name")
    command.add_argument("--limit", type=int, default=50)
    _add_judging(bench)


def _add_judging(bench: Any) -> None:
    questions: dict[str, Any] = {"metavar": "SET", "help": "id or name; by default the first that is not held out"}
    command = _add(bench, "judge", "judging:judge", "let a language model judge the answers")
    command.add_argument("--judge", help="the judging model, id or name; by default the current one")
    command.add_argument("--mode", default="single", choices=("single", "pairwise-baseline", "pairwise-all"))
    command.add_argument("--baseline", help="the contestant that the others are compared with, id or name")
    command.add_argument("--contestant", action="append", default=[], help="id or name; by default all")
    command.add_argument("--questions", **questions)
    command.add_argument("--judge-prompts", type=Path, help="FastChat's judge_prompts.jsonl; by default our own")
    command.add_argument("--unreadable-again", action="store_true", help="ask again where no rating could be read")
    command.add_argument("--max-tokens", type=int, default=2048)
    command.add_argument("--temperature", type=float, default=0.0, help="0 is greedy")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--price", type=float, nargs=2, default=(0.0, 0.0), metavar=("IN", "OUT"),
                         help="of a million tokens, asked and answered")
    command.add_argument("--cost-limit", type=float, default=0.0, help="stop there; 0: no limit")
    command.add_argument("--estimate", action="store_true", help="say what it would take and judge nothing")
    command = _add(bench, "measure", "judging:measure", "exact match, F1 and the mini-world's grader")
    command.add_argument("--questions", **questions)
    command.add_argument("--likelihood", action="store_true", help="the references' log-likelihood too (loads models)")
    command = _add(bench, "shift", "judging:shift", "how far prompts and training move the base model, by token")
    command.add_argument("--base", help="the base model, id or name; by default the current one")
    command.add_argument("--contestant", action="append", default=[], help="id or name; by default all")
    command.add_argument("--questions", **questions)
    command = _add(bench, "judged-search", "judging:judged_search", "greedy search by what a judge says of the answers")
    command.add_argument("--by", default="language_model", choices=("language_model", "rules", "f1", "exact"))
    command.add_argument("--judge", help="the judging model, id or name; by default the current one")
    command.add_argument("--judge-prompts", type=Path, help="FastChat's judge_prompts.jsonl; by default our own")
    command.add_argument("--model", help="who answers, id or name; by default the current one")
    command.add_argument("--prompt", help="the base prompt, id or name; by default the first")
    command.add_argument("--filter", default="", metavar="QUERY", help="which candidates, as in the search field")
    command.add_argument("--questions", **questions)
    command.add_argument("--only", type=int, default=0, metavar="N", help="only the first N questions; 0: all")
    command.add_argument("--rounds", type=int, default=3)
    command.add_argument("--max-tokens", type=int, default=256)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--top", type=int, default=5, help="how many candidates of a round to print")
    command = _add(bench, "numbers", "judging:numbers", "means, differences, win rates, ratings, agreement")
    command.add_argument("--questions", **questions)
    command.add_argument("--by", metavar="JUDGE", help="a judge's name or a measure's; by default the first there is")
    command = _add(bench, "import-answers", "judging:import_answers", "from FastChat, AlpacaEval or URIAL files")
    command.add_argument("files", type=Path, nargs="+")
    command.add_argument("--questions", **questions)
    command = _add(bench, "import-judgements", "judging:import_judgements", "a FastChat model_judgment file")
    command.add_argument("file", type=Path)
    command.add_argument("--questions", **questions)
    command = _add(bench, "export", "judging:export", "files for FastChat, AlpacaEval or URIAL")
    command.add_argument("out", type=Path, help="a folder")
    command.add_argument("--format", default="fastchat", choices=("fastchat", "alpaca_eval", "urial"))
    command.add_argument("--questions", **questions)


def _pool_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--filter", default="", metavar="QUERY", help="which demonstrations to draw from")
    command.add_argument("--seeds", type=int, default=3, help="how often what is drawn by lot is drawn")
    command.add_argument("--no-answers", dest="answers", action="store_false", help="only the references' likelihood")
    _recipe_options(command, temperature=0.0)


def _recipe_options(command: argparse.ArgumentParser, *, temperature: float) -> None:
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--prompt", help="the base prompt, id or name; by default the first")
    command.add_argument("--turns", default="all", choices=("first", "all"))
    command.add_argument("--score", help="what to print: log_likelihood, f1, exact, rules, or a judge's name")
    _answer_options(command, temperature=temperature)


def _answer_options(command: argparse.ArgumentParser, *, temperature: float) -> None:
    command.add_argument("--questions", metavar="SET", help="id or name; by default the first that is not held out")
    command.add_argument("--only", type=int, default=0, metavar="N", help="only N of the questions; 0: all")
    command.add_argument("--max-tokens", type=int, default=256)
    command.add_argument("--temperature", type=float, default=temperature, help="0 is greedy")
    command.add_argument("--top-p", type=float, default=1.0)
    command.add_argument("--top-k", type=int, default=0)
    command.add_argument("--min-p", type=float, default=0.0)
    command.add_argument("--repetition-penalty", type=float, default=1.0)
    command.add_argument("--stop", action="append", default=[], metavar="TEXT", help="may be repeated")
    command.add_argument("--seed", type=int, default=0)


def _add_evaluate(commands: Any) -> None:
    about = "run tasks of lm-evaluation-harness on a model (mmlu, bbh, gsm8k, logiqa, humaneval, …)"
    command = _add(commands, "evaluate", "evaluating:evaluate", about)
    command.add_argument("--tasks", default="", metavar="TASK,TASK", help="names of the harness's tasks")
    command.add_argument("--questions", nargs="?", const="", metavar="SET",
                         help="also a task made from a question set: likelihood and exact match of its references")
    command.add_argument("--prompt", help="the prompt of that task, id or name; by default the first")
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--include", type=Path, action="append", default=[], metavar="FOLDER",
                         help="a folder with task files (YAML) of your own")
    command.add_argument("--limit", type=int, default=0, help="examples of each task; 0: all")
    command.add_argument("--shots", type=int, help="demonstrations; by default as each task says")
    command.add_argument("--allow-code", action="store_true",
                         help="let tasks run code that the model writes, on this machine (humaneval)")
    command.add_argument("--allow-download", action="store_true", help="let the harness fetch data that is not here")
    command.add_argument("--seed", type=int, default=0)


def _run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--filter", default="", metavar="QUERY", help="which candidates, as in the search field")
    command.add_argument("--model", help="id or name; by default the current one")
    command.add_argument("--prompt", help="the base prompt, id or name; by default the first")
    command.add_argument("--questions", metavar="SET", help="id or name; by default the first that is not held out")
    command.add_argument("--position", default="before_base", choices=("before_base", "after_base"))
    command.add_argument("--turns", default="first", choices=("first", "all"))
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--write-job", type=Path, metavar="FILE",
                         help="write the job to a file and run nothing; for several devices, start it with: "
                              "accelerate launch -m workbench.jobs FILE")
    _top_option(command)


def _top_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--top", type=int, default=10, help="how many candidates to print")


def _add_jobs(commands: Any) -> None:
    jobs = _group(commands, "jobs", "jobs of a project")
    _add(jobs, "list", "running:jobs_list", "list the jobs")
    for name, run, about in (
        ("watch", "running:jobs_watch", "look at a job that another program runs until it ends"),
        ("resume", "running:jobs_resume", "go on with a job that was interrupted, stopped or failed"),
        ("cancel", "running:jobs_cancel", "take a waiting job out of the queue"),
        ("log", "running:jobs_log", "print a job's log"),
        ("spec", "running:jobs_spec", "print what a job was told to do, to run it with python -m workbench.jobs FILE"),
        ("remove", "running:jobs_remove", "forget an ended job and its results"),
    ):
        command = _add(jobs, name, run, about)
        command.add_argument("id", type=int)
        if name == "resume":
            _top_option(command)
