"""Commands on a project's data: new, import, export, list, show, questions, prompts, undo, redo, check, backup."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench.bench.measures import graders
from workbench.command_line.opening import first, on_lane, pick
from workbench.command_line.output import Output, table
from workbench.domain import Changes, Demonstration
from workbench.domain.fields import TEXTS
from workbench.errors import WorkbenchError
from workbench.formats.mapping import as_text
from workbench.formats.registry import writers
from workbench.services.demonstrations import Filter, Sort
from workbench.services.imports import (
    ColumnUse,
    ImportOptions,
    ImportReport,
    Preview,
    brought_words,
    kept_words,
    shown_name,
)
from workbench.services.project import Project
from workbench.services.prompts import PromptInfo
from workbench.services.questions import BUILT_IN, searched_set
from workbench.services.student_exports import export_student

LISTED_REFUSALS = 20
STDIN = Path("-")


def new(options: Namespace) -> Output:
    project = Project.create(options.project, options.name)
    project.close()
    data = {"project": project.folder, "name": project.name}
    return Output(data, f"Made the project “{project.name}” in {project.folder}.")


def import_(options: Namespace) -> Output:
    chosen = ImportOptions(
        format=options.format, encoding=options.encoding, mapping=_mapping(options.map), source=options.source,
        keep_good_rows=not options.all_or_nothing, references=options.references, held_out=options.held_out,
        take_over=options.take_over,
    )
    made = next((one for one in graders() if one.make is not None and str(options.file) == one.source), None)
    if made is not None and not options.file.exists():
        return _report(options.file, on_lane(options.project, lambda p: p.imports.run_made(made, options.count)))
    with _file(options.file) as file:
        if options.preview:
            return _preview(on_lane(options.project, lambda p: p.imports.preview(file, chosen), read_only=True))
        return _report(file, on_lane(options.project, lambda p: p.imports.run(file, chosen)),
                       taken_over=options.take_over)


@contextmanager
def _file(path: Path) -> Iterator[Path]:
    """The file; for "-" what standard input holds, since a file is read more than once."""
    if path != STDIN:
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "stdin"
        with copy.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield copy


def _mapping(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if any(not separator for _, separator, _ in split):
        raise WorkbenchError("A mapping is written field=column, for example instruction=question.")
    return {field: column for field, _, column in split}


def _preview(preview: Preview) -> Output:
    rows = [(one.instruction, one.answer, one.category, one.source) for one in preview.demonstrations[:10]]
    doubles = [f"line {line}: says the same as line {first}" for line, first in preview.doubles]
    lines = [f"{preview.format}, {preview.encoding}, holds {preview.counted} {preview.content}", *preview.notes,
             *_columns(preview.uses, preview.content),
             *_first([f"line {line}: {reason}" for line, reason in preview.refused]), *_first(doubles)]
    if preview.content == "questions":
        lines.append(table([(row["key"], row["category"], row["turns"], row["references"])
                            for row in preview.rows[:10]], ("key", "category", "turns", "references")))
    else:
        lines.append(table(rows, ("instruction", "answer", "category", "source")))
    return Output(preview, "\n".join(lines))


def _columns(uses: Sequence[ColumnUse], content: str) -> list[str]:
    """Which column becomes what; what is kept of the others."""
    mapped = ", ".join(f"{use.name} → {use.field}" for use in uses if use.field and use.name != use.field)
    kept = kept_words(uses) if content == "demonstrations" else ""
    return [*([f"Columns: {mapped}."] if mapped else []), *([kept] if kept else [])]


def _first(lines: list[str]) -> list[str]:
    """The first LISTED_REFUSALS, and how many more there are."""
    more = len(lines) - LISTED_REFUSALS
    return [f"  {line}" for line in lines[:LISTED_REFUSALS]] + ([f"  and {more} more"] if more > 0 else [])


def _report(file: Path, report: ImportReport, *, taken_over: bool = False) -> Output:
    what = "a prompt" if report.prompt_id else "questions" if report.question_set_id else "demonstrations"
    doubles = [f"line {double.line}: says the same as "
               + (f"line {double.met_line}" if double.met_line else f"demonstration {double.met}")
               + (f", and brings {brought_words(double.brings)}" if double.brings else "")
               for double in report.doubles]
    offered = ["Import with --take-over to give what they bring to those."] if any(
        double.brings for double in report.doubles) and not taken_over else []
    lines = [f"{shown_name(file)} ({what}): {report.imported} imported, {report.skipped} there already, "
             f"{len(report.refused)} refused.", *report.notes, *_columns(report.uses, what),
             *_first([f"line {line}: {reason}" for line, reason in report.refused]), *_first(doubles), *offered]
    data = {"imported": report.imported, "skipped": report.skipped, "refused": report.refused, "notes": report.notes,
            "prompt_id": report.prompt_id, "question_set_id": report.question_set_id, "import_id": report.import_id,
            "columns": report.uses, "without_answer": report.without_answer, "doubles": report.doubles}
    return Output(data, "\n".join(lines), code=1 if report.refused and not report.imported + report.skipped else 0)


def export(options: Namespace) -> Output:
    def work(project: Project) -> tuple[str, int]:
        if options.prompt is not None:
            prompt = find_prompt(project, options.prompt or None)
            project.exports.prompt(prompt.id, options.out, options.format or "urial")
            return "prompt", 1
        if options.report is not None:
            project.exports.report(options.report, options.out, options.format or "html")
            return "report", 1
        if options.student is not None:
            export_student(project.alignment.student(options.student), options.out, options.format or "merged")
            return "trained student", 1
        ids = project.demonstrations.ids(Filter(text=options.filter))
        format = options.format or _by_suffix(options.out)
        return "demonstrations", project.exports.demonstrations(ids, options.out, format)

    what, count = on_lane(options.project, work, read_only=True)
    thing = f"{count} demonstrations" if what == "demonstrations" else f"the {what}"
    return Output({"written": options.out, "what": what, "count": count}, f"Wrote {thing} to {options.out}.")


def _by_suffix(path: Path) -> str:
    known = {ending: name for name, entry in reversed(writers().items()) for ending in entry.extensions}
    if path.suffix not in known:
        raise WorkbenchError(f"The format cannot be told from the name {path.name}.", remedy="Give --format.")
    return known[path.suffix]


def list_(options: Namespace) -> Output:
    def work(project: Project) -> Output:
        ids = project.demonstrations.ids(Filter(text=options.query), Sort(options.sort), descending=options.descending)
        rows = project.demonstrations.rows(ids[: options.limit])
        cells = [(row.id, row.status.value, row.rating or None, row.gain.mean if row.gain else None, row.tokens,
                  row.category, row.source, row.instruction) for row in rows]
        heads = ("id", "status", "rating", "gain", "tokens", "category", "source", "instruction")
        more = f"\n{len(ids) - len(rows)} more" if len(ids) > len(rows) else ""
        return Output({"total": len(ids), "rows": rows}, table(cells, heads) + more)

    return on_lane(options.project, work, read_only=True)


def show(options: Namespace) -> Output:
    def work(project: Project) -> Output:
        found = project.demonstrations.get([options.id])
        if not found:
            raise WorkbenchError(f"There is no demonstration {options.id} in this project.")
        history = project.demonstrations.history(options.id)
        lines = [_head(found[0]), *(f"\n{turn.role.value}:\n{turn.text}" for turn in found[0].turns)]
        lines += ["", *(f"{one.when:%Y-%m-%d %H:%M}  {one.who}  {one.summary}" for one in history)]
        return Output({"demonstration": found[0], "history": history}, "\n".join(lines))

    return on_lane(options.project, work, read_only=True)


def _head(one: Demonstration) -> str:
    facts = {**{name: getattr(one, name) for name in TEXTS},
             "tags": ", ".join(one.tags), "rating": one.rating or "", "note": one.note,
             **{name: as_text(value) for name, value in one.metadata.items()}}
    return f"{one.id}  {one.status.value}  " + "  ".join(f"{name} {value}" for name, value in facts.items() if value)


def questions_list(options: Namespace) -> Output:
    sets = on_lane(options.project, lambda p: p.questions.sets(), read_only=True)
    rows = [(one.id, one.name, one.questions, one.categories, one.with_references, "yes" if one.held_out else "")
            for one in sets]
    return Output(sets, table(rows, ("id", "name", "questions", "categories", "with references", "held out")))


def questions_add(options: Namespace) -> Output:
    def work(project: Project) -> Output:
        if options.file.exists() or str(options.file) not in BUILT_IN:
            chosen = ImportOptions("questions", mapping=_mapping(options.map), references=options.references,
                                   name=options.name, held_out=options.held_out)
            return _report(options.file, project.imports.run(options.file, chosen))
        changes = project.questions.add_built_in(str(options.file))
        more = project.questions.add_starter_pool(str(options.file)) if options.pool else ()
        return Output({"question_set_id": changes.created[0]}, "\n".join(one.label for one in (changes, *more)))

    return on_lane(options.project, work)


def questions_hold_out(options: Namespace) -> Output:
    """Keep a set for reporting, or, with --undo, search on it again."""
    def work(project: Project) -> Changes:
        return project.questions.set_held_out(find_set(project, options.set), not options.undo)

    changes = on_lane(options.project, work)
    return Output({"changed": changes.touched}, changes.label or "It was so already.")


def prompts_list(options: Namespace) -> Output:
    prompts = on_lane(options.project, lambda p: p.prompts.all(), read_only=True)
    rows = [(one.id, one.name, one.version, one.demonstrations) for one in prompts]
    return Output(prompts, table(rows, ("id", "name", "version", "demonstrations")))


def prompts_show(options: Namespace) -> Output:
    from workbench.prompts import render

    def work(project: Project) -> Output:
        prompt = project.prompts.get(find_prompt(project, options.prompt).id)
        text = prompt.verbatim or render(prompt).text
        return Output({"prompt": prompt, "text": text}, text)

    return on_lane(options.project, work, read_only=True)


def prompts_add(options: Namespace) -> Output:
    """Add demonstrations to a prompt, before or after what is there."""
    from workbench.domain import Position

    def work(project: Project) -> Changes:
        prompt = find_prompt(project, options.prompt)
        return project.prompts.add_demonstrations(prompt.id, options.ids, Position(options.position))

    changes = on_lane(options.project, work)
    return Output({"changed": changes.touched}, changes.label or "The prompt has them already.")


def find_prompt(project: Project, wanted: str | None) -> PromptInfo:
    return pick(project.prompts.all(), wanted, "prompt", lambda p: p.id, lambda p: p.name, first)


def find_set(project: Project, wanted: str | None) -> int:
    """A question set's id, by id or name; by default the first that is not held out. Raises WorkbenchError."""
    return pick(project.questions.sets(), wanted, "question set", lambda one: one.id, lambda one: one.name,
                searched_set).id


def undo(options: Namespace) -> Output:
    return _step(on_lane(options.project, lambda p: p.history.undo()), "There is nothing to undo.")


def redo(options: Namespace) -> Output:
    return _step(on_lane(options.project, lambda p: p.history.redo()), "There is nothing to do again.")


def _step(changes: Changes | None, nothing: str) -> Output:
    return Output({"label": changes.label if changes else None}, changes.label if changes else nothing)


def check(options: Namespace) -> Output:
    from workbench_db.check import check as find_problems

    if options.rebuild_search:
        on_lane(options.project, lambda p: p.rebuild_search())
    problems = find_problems(options.project)
    text = "\n".join([*map(str, problems), f"{len(problems)} problems found."]) if problems else "No problem found."
    return Output({"problems": problems}, text, code=1 if problems else 0)


def backup(options: Namespace) -> Output:
    path = on_lane(options.project, lambda p: p.backup("by-hand"))
    return Output({"backup": path}, f"Copied the database to {path}.")
