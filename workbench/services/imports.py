"""Bringing files in: preview, mapping of columns, one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbench.domain import Changes, Demonstration, Kind
from workbench.errors import FormatError
from workbench.formats import mapping as mappings
from workbench.formats import question_table, urial
from workbench.formats.registry import OpenFile, open_file
from workbench.formats.rows import Refused, Row
from workbench.services.questions import names_held_out
from workbench.wording import counted
from workbench_db import demonstrations as stored
from workbench_db import imports as stored_imports
from workbench_db import revisions
from workbench_resources.recipe.sample import MINI_WORLD, write_more

if TYPE_CHECKING:
    from workbench.services.project import Project

REFUSED_LISTED = 100_000
"""Refused rows that are listed one by one; what goes beyond is counted in a last entry."""

_PROGRESS_EVERY = 500      # rows
_CELL = 2000               # characters of a raw cell in a preview


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file looks like. ``columns`` are those found; ``mapping`` is the guess: field → column.

    ``notes`` say what is doubtful (a guessed encoding, no column for the instruction).
    """

    format: str
    encoding: str
    columns: tuple[str, ...]
    mapping: dict[str, str]
    rows: tuple[dict[str, str], ...]             # the raw cells of the first rows, as text (its beginning)
    demonstrations: tuple[Demonstration, ...]    # what they become under ``mapping``
    refused: tuple[tuple[int, str], ...]         # (line, reason)
    content: str = "demonstrations"              # demonstrations | questions | prompt (a URIAL file)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """``mapping`` (field → column, see formats.mapping.FIELDS) takes the place of the guess when it is not empty."""

    format: str = "auto"                         # one of formats.registry.NAMES
    encoding: str = "auto"
    mapping: dict[str, str] = field(default_factory=dict)
    source: str = ""                             # set on rows that carry none; default: the file's name
    keep_good_rows: bool = True                  # False: one bad row and nothing is imported
    references: Path | None = None               # of MT-Bench questions; None: looked for beside them
    held_out: bool | None = None                 # of questions; None: as the file's name says


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``prompt_id`` or ``question_set_id`` is set when the file held those instead of a pool of candidates."""

    import_id: int                               # 0 when nothing was imported because of refused rows
    imported: int
    skipped: int                                 # already there, or twice in the file
    refused: tuple[tuple[int, str], ...]         # (line, reason)
    changes: Changes
    prompt_id: int | None = None
    question_set_id: int | None = None
    notes: tuple[str, ...] = ()


class _NotWanted(Exception):
    """Takes the transaction back when there are refused rows and the person wants all or nothing."""


class _Refusals:
    """The refused rows, of which the first REFUSED_LISTED are kept."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, str]] = []
        self.count = 0

    def add(self, row: Refused) -> None:
        self.count += 1
        if self.count <= REFUSED_LISTED:
            self._rows.append((row.line, row.reason))

    def listed(self) -> tuple[tuple[int, str], ...]:
        more = self.count - len(self._rows)
        last = ((self._rows[-1][0], f"{counted(more, 'more row')} after this one not taken either."),) if more else ()
        return (*self._rows, *last)


class Imports:
    """``project.imports``"""

    def __init__(self, project: Project) -> None:
        self._project = project

    def preview(self, path: Path, options: ImportOptions = ImportOptions(), *, rows: int = 50) -> Preview:
        """Look at the first rows. Touches no database: may be called off the lane. Raises FormatError."""
        file = open_file(path, options.format, options.encoding)
        if file.content == "prompt":
            return _preview_prompt(file)
        if file.content == "questions":
            return _preview_questions(file, options, rows)
        columns = _mapping(file, options)
        convert = mappings.compile_mapping(columns, _source(path, options))
        cells, demonstrations, refused = list[dict[str, str]](), list[Demonstration](), list[tuple[int, str]]()
        with closing(file.rows()) as found:
            for row in islice(found, rows):
                if isinstance(row, Row):
                    cells.append({name: mappings.as_text(value)[:_CELL] for name, value in row.cells.items()})
                item = mappings.demonstration(row, convert)
                if isinstance(item, Refused):
                    refused.append((item.line, item.reason))
                else:
                    demonstrations.append(item[1])
        notes = [file.source.note] if file.source.note else []
        if file.columns and not mappings.is_enough(columns):
            notes.append("No column was taken for the instruction: choose one.")
        return Preview(file.format, file.source.encoding, file.columns, dict(columns), tuple(cells),
                       tuple(demonstrations), tuple(refused), notes=tuple(notes))

    def run(self, path: Path, options: ImportOptions = ImportOptions(),
            progress: Callable[[int, int], None] = lambda done, total: None) -> ImportReport:
        """Import a file (or a saved dataset's folder) in one transaction; ``progress`` gets bytes done and in all.

        ``progress`` may raise Cancelled: nothing is imported then. Raises FormatError.
        """
        file = open_file(path, options.format, options.encoding)
        if file.content == "prompt":
            return self._run_prompt(file, options)
        if file.content == "questions":
            return self._run_questions(file, options)
        return self._run_demonstrations(file, options, progress)

    def run_mini_world(self, count: int) -> ImportReport:
        """Import ``count`` new good demonstrations of the sample's mini-world, none of which the sample's questions
        ask: a pool for experiments that take thousands. The same count makes the same demonstrations."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{MINI_WORLD}.jsonl"
            write_more(path, count)
            return self.run(path)

    def past(self) -> list[stored_imports.StoredImport]:
        """What was imported so far, newest first."""
        with self._project.database.read() as connection:
            return stored_imports.all_imports(connection)

    def _run_demonstrations(self, file: OpenFile, options: ImportOptions,
                            progress: Callable[[int, int], None]) -> ImportReport:
        columns = _mapping(file, options)
        if file.columns and not mappings.is_enough(columns):
            raise FormatError(f"No column of {file.source.path.name} was taken for the instruction.",
                              safe="Nothing was imported.", remedy="Say which column holds it.")
        name, refusals = file.source.path.name, _Refusals()
        taken = _good(file, columns, _source(file.source.path, options), refusals, progress)
        try:
            with self._project.database.write() as connection, closing(taken):
                import_id = stored_imports.insert_import(connection, name, file.format, file.source.encoding,
                                                         sha256=_sha256(file), person=self._project.person)
                inserted = stored.insert_demonstrations(connection, taken, import_id)
                if refusals.count and not options.keep_good_rows:
                    raise _NotWanted
                label = f"{counted(len(inserted.ids), 'demonstration')} imported from {name}"
                if inserted.ids:
                    change = revisions.open_change(connection, self._project.person, label)
                    revisions.record_added(connection, change, Kind.DEMONSTRATION.value, inserted.ids)
                stored_imports.set_counts(connection, import_id, len(inserted.ids), inserted.skipped,
                                          refusals.listed())
        except _NotWanted:
            return ImportReport(0, 0, 0, refusals.listed(), Changes())
        touched = {Kind.IMPORT: frozenset([import_id])}
        if inserted.ids:
            touched = {Kind.DEMONSTRATION: frozenset(inserted.ids), **touched}
        changes = Changes(touched, label, undoable=bool(inserted.ids), created=tuple(inserted.ids))
        return ImportReport(import_id, len(inserted.ids), inserted.skipped, refusals.listed(), changes)

    def _run_prompt(self, file: OpenFile, options: ImportOptions) -> ImportReport:
        found = urial.read(file.source)
        source = _source(file.source.path, options)
        prompt = replace(found.prompt, demonstrations=tuple(
            replace(demonstration, source=source) for demonstration in found.prompt.demonstrations))
        changes = self._project.prompts.create(prompt)
        imported = len(changes.touched.get(Kind.DEMONSTRATION, ()))
        skipped = len(prompt.demonstrations) - imported
        import_id = self._note(file, imported, skipped, ())
        return ImportReport(import_id, imported, skipped, (), changes, prompt_id=changes.created[0],
                            notes=found.notes)

    def _run_questions(self, file: OpenFile, options: ImportOptions) -> ImportReport:
        found = question_table.read(file.source.path, options.references, encoding=options.encoding)
        refused = tuple((row.line, row.reason) for row in found.refused)
        if refused and not options.keep_good_rows:
            return ImportReport(0, 0, 0, refused, Changes())
        path, held_out = file.source.path, options.held_out
        held_out = names_held_out(path) if held_out is None else held_out
        changes = self._project.questions.add(replace(found.questions, held_out=held_out))
        count = len(found.questions.questions)
        import_id = self._note(file, count, 0, refused)
        return ImportReport(import_id, count, 0, refused, changes, question_set_id=changes.created[0],
                            notes=found.notes)

    def _note(self, file: OpenFile, imported: int, skipped: int, refused: tuple[tuple[int, str], ...]) -> int:
        """Note the import of a prompt or a question set, which has been stored as an undoable step of its own."""
        with self._project.database.write() as connection:
            import_id = stored_imports.insert_import(connection, file.source.path.name, file.format,
                                                     file.source.encoding, sha256=_sha256(file),
                                                     person=self._project.person)
            stored_imports.set_counts(connection, import_id, imported, skipped, refused)
        return import_id


def _good(file: OpenFile, columns: Mapping[str, str], source: str, refusals: _Refusals,
          progress: Callable[[int, int], None]) -> Generator[Demonstration, None, None]:
    """The demonstrations one by one; refused rows are put aside. A generator, so that it can be closed early."""
    total = file.source.total
    with closing(file.demonstrations(columns, source)) as items:
        for number, item in enumerate(items):
            if number % _PROGRESS_EVERY == 0:
                progress(min(file.source.bytes_done(), total), total)
            if isinstance(item, Refused):
                refusals.add(item)
            else:
                yield item[1]
    progress(total, total)


def _mapping(file: OpenFile, options: ImportOptions) -> dict[str, str]:
    """The person's mapping if there is one, else the guess. Raises FormatError for a field that does not exist."""
    unknown = [name for name in options.mapping if name not in mappings.FIELDS]
    if unknown:
        raise FormatError(f"There is no field “{unknown[0]}” to map a column to.",
                          remedy=f"The fields are {', '.join(mappings.FIELDS)}.")
    return options.mapping or file.mapping


def _source(path: Path, options: ImportOptions) -> str:
    return options.source or path.name


def _sha256(file: OpenFile) -> str:
    """Of the file as it lies on the disk; "" for a folder. Raises FormatError."""
    if file.source.is_folder:
        return ""
    try:
        with open(file.source.path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FormatError(f"{file.source.path.name} cannot be read: {error}.", safe="Nothing was imported.") from error


def _preview_prompt(file: OpenFile) -> Preview:
    found = urial.read(file.source)
    rows = tuple({"instruction": demonstration.instruction, "answer": demonstration.answer}
                 for demonstration in found.prompt.demonstrations)
    notes = (*((file.source.note,) if file.source.note else ()), *found.notes)
    return Preview(file.format, file.source.encoding, ("instruction", "answer"), {}, rows,
                   found.prompt.demonstrations, (), content="prompt", notes=notes)


def _preview_questions(file: OpenFile, options: ImportOptions, rows: int) -> Preview:
    found = question_table.read(file.source.path, options.references, encoding=options.encoding)
    cells = tuple({"key": question.key, "category": question.category, "turns": "\n".join(question.turns),
                   "references": "\n".join(question.references)}
                  for question in found.questions.questions[:rows])
    return Preview(file.format, file.source.encoding, ("key", "category", "turns", "references"), {}, cells, (),
                   tuple((row.line, row.reason) for row in found.refused), content="questions", notes=found.notes)
