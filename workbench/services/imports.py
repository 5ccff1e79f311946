"""Bringing files in: preview, mapping of columns, one transaction."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from workbench.bench.measures import Grader
from workbench.domain import Changes, Demonstration, Kind
from workbench.domain.fields import TEXTS
from workbench.errors import FormatError, WorkbenchError, shown
from workbench.formats import mapping as mappings
from workbench.formats import question_table, urial
from workbench.formats.registry import LOOKED_AT, OpenFile, open_file
from workbench.formats.rows import Refused, Row
from workbench.services.questions import names_held_out
from workbench.wording import counted, grouped
from workbench_db import demonstrations as stored
from workbench_db import imports as stored_imports
from workbench_db import revisions
from workbench_db.session import Connection

if TYPE_CHECKING:
    from workbench.services.project import Project

REFUSED_LISTED = 100_000
"""Refused rows that are listed one by one; what goes beyond is counted in a last entry."""

DOUBLES_LISTED = 10_000

_PROGRESS_EVERY = 500      # rows
_NAMED = 12                # columns that a note names
_CELL = 2000               # characters of a raw cell in a preview


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What becomes of a column. ``field`` is one of formats.mapping.FIELDS, "key" for a question's name, or "": kept as
    metadata of demonstrations, and no part of a question. ``filled`` counts rows that hold something."""

    name: str
    filled: int
    field: str


@dataclass(frozen=True, slots=True)
class Double:
    """A row that says the same turns as demonstration ``met``, which came from ``met_line`` of this file (0: it was in
    the project before). ``brings`` is what the row says beyond it: field → value."""

    line: int
    met: int
    met_line: int
    brings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file looks like. ``columns`` are those found; ``mapping`` is the guess: field → column.

    ``rows`` and ``demonstrations`` are the first ones; ``refused``, ``counted``, ``without_answer`` and ``doubles`` are
    of all rows, or where ``whole`` is False of the first 16 MB. ``notes`` say what is doubtful (a guessed encoding, no
    column for the instruction) and what is not taken.
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
    uses: tuple[ColumnUse, ...] = ()             # what becomes of each column
    counted: int = 0                             # demonstrations (or questions) in the file
    without_answer: int = 0
    doubles: tuple[tuple[int, int], ...] = ()    # (line, the line that it met) in the file
    whole: bool = True


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """``mapping`` (field → column, see formats.mapping.FIELDS) takes the place of the guess when it is not empty."""

    format: str = "auto"                         # "auto", or the name of one that can be read
    encoding: str = "auto"
    mapping: dict[str, str] = field(default_factory=dict)
    source: str = ""                             # set on rows that carry none; default: the file's name
    keep_good_rows: bool = True                  # False: one bad row and nothing is imported
    references: Path | None = None               # of MT-Bench questions; None: looked for beside them
    held_out: bool | None = None                 # of questions; None: as the file's name says
    name: str = ""                               # of a question set; default: the file's name
    take_over: bool = False                      # give what doubles bring to the demonstrations they met


@dataclass(frozen=True, slots=True)
class ImportReport:
    """``prompt_id`` or ``question_set_id`` is set when the file held those instead of a pool of candidates."""

    import_id: int                               # 0 when nothing was imported because of refused rows
    imported: int
    skipped: int                                 # already there, or twice in the file: see ``doubles``
    refused: tuple[tuple[int, str], ...]         # (line, reason)
    changes: Changes
    prompt_id: int | None = None
    question_set_id: int | None = None
    notes: tuple[str, ...] = ()
    uses: tuple[ColumnUse, ...] = ()             # what became of each column
    without_answer: int = 0
    doubles: tuple[Double, ...] = ()             # the first DOUBLES_LISTED


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
            self._rows.append((row.line, shown(row.reason)))

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
        file = open_file(path, options.format, options.encoding, limit=LOOKED_AT)
        if file.content == "prompt":
            return _preview_prompt(file)
        if file.content == "questions":
            return _preview_questions(file, options, rows)
        columns = _mapping(file, options)
        tally = _Tally()
        convert = mappings.compile_mapping(columns, _source(path, options))
        cells, demonstrations = list[dict[str, str]](), list[Demonstration]()
        with closing(file.rows()) as found:
            for number, row in enumerate(found):
                if isinstance(row, Row) and number < rows:
                    cells.append(_shown_cells(row))
                item = tally.add(mappings.demonstration(row, convert))
                if item is not None and number < rows:
                    demonstrations.append(item)
                if not file.whole and number % 1000 == 999 and file.source.bytes_done() > LOOKED_AT:
                    break
        notes = [file.source.note] if file.source.note else []
        if file.columns and not mappings.is_enough(columns):
            notes.append("No column was taken for the instruction: choose one.")
        notes += tally.notes(file)
        if not file.whole:
            notes.append(f"These are the first {LOOKED_AT // 1_000_000} MB; the import looks at all of it.")
        return Preview(file.format, file.source.encoding, tuple(file.columns), dict(columns), tuple(cells),
                       tuple(demonstrations), tally.refusals.listed(), notes=tuple(notes), uses=_uses(file, columns),
                       counted=tally.taken, without_answer=tally.without_answer, doubles=tuple(tally.doubles),
                       whole=file.whole)

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

    def run_made(self, grader: Grader, count: int) -> ImportReport:
        """Import ``count`` demonstrations that ``grader`` makes for its questions: a pool for experiments that take
        thousands. The same count makes the same demonstrations. Raises WorkbenchError where it makes none."""
        if grader.make is None:
            raise WorkbenchError(f"“{grader.title}” makes no demonstrations.", safe="Nothing was imported.")
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"{grader.source}.jsonl"
            grader.make(path, count)
            return self.run(path)

    def take_over(self, doubles: Sequence[Double]) -> Changes:
        """Give what doubles bring to the demonstrations that they met: tags are added, and what was empty is filled.
        Undoable."""
        with self._project.database.write() as connection:
            after = _completed(connection, doubles)
            before = stored.patch(connection, after)
            if not before:
                return Changes()
            label = f"{counted(len(before), 'demonstration')} completed by {counted(len(doubles), 'double')}"
            revisions.record_step(connection, self._project.person, label, Kind.DEMONSTRATION.value, before, after)
        return Changes({Kind.DEMONSTRATION: frozenset(before)}, label, undoable=True)

    def past(self) -> list[stored_imports.StoredImport]:
        """What was imported so far, newest first."""
        with self._project.database.read() as connection:
            return stored_imports.all_imports(connection)

    def _run_demonstrations(self, file: OpenFile, options: ImportOptions,
                            progress: Callable[[int, int], None]) -> ImportReport:
        columns = _mapping(file, options)
        if file.columns and not mappings.is_enough(columns):
            raise FormatError(f"No column of {shown_name(file.source.path)} was taken for the instruction.",
                              safe="Nothing was imported.", remedy="Say which column holds it.")
        name, tally, met = shown_name(file.source.path), _Tally(), _Met()
        taken = _good(file, columns, _source(file.source.path, options), tally, progress)
        try:
            with self._project.database.write() as connection, closing(taken):
                import_id = stored_imports.insert_import(connection, name, file.format, file.source.encoding,
                                                         sha256=_sha256(file), person=self._project.person)
                inserted = stored.insert_demonstrations(
                    connection, taken, import_id,
                    lambda place, demonstration, id, new: met.add(tally.lines[place], demonstration, id, new))
                if tally.refusals.count and not options.keep_good_rows:
                    raise _NotWanted
                label = f"{counted(len(inserted.ids), 'demonstration')} imported from {name}"
                if inserted.ids:
                    change = revisions.open_change(connection, self._project.person, label)
                    revisions.record_added(connection, change, Kind.DEMONSTRATION.value, inserted.ids)
                stored_imports.set_counts(connection, import_id, len(inserted.ids), inserted.skipped,
                                          tally.refusals.listed())
                doubles = met.doubles(connection)
        except _NotWanted:
            return ImportReport(0, 0, 0, tally.refusals.listed(), Changes())
        touched = {Kind.IMPORT: frozenset([import_id])}
        if inserted.ids:
            touched = {Kind.DEMONSTRATION: frozenset(inserted.ids), **touched}
        changes = Changes(touched, label, undoable=bool(inserted.ids), created=tuple(inserted.ids))
        if options.take_over and any(double.brings for double in doubles):
            self.take_over(doubles)
        return ImportReport(import_id, len(inserted.ids), inserted.skipped, tally.refusals.listed(), changes,
                            notes=tuple(tally.notes(file)), uses=_uses(file, columns),
                            without_answer=tally.without_answer, doubles=doubles)

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
        mapping = options.mapping or question_table.guess(file)
        found = question_table.read(file, options.references, options.name, mapping, options.encoding)
        refused = tuple((row.line, row.reason) for row in found.refused)
        if refused and not options.keep_good_rows:
            return ImportReport(0, 0, 0, refused, Changes())
        path, held_out = file.source.path, options.held_out
        held_out = names_held_out(path) if held_out is None else held_out
        changes = self._project.questions.add(replace(found.questions, held_out=held_out))
        count = len(found.questions.questions)
        import_id = self._note(file, count, 0, refused)
        return ImportReport(import_id, count, 0, refused, changes, question_set_id=changes.created[0],
                            notes=(*found.notes, *_question_notes(file, mapping)), uses=_question_uses(file, mapping))

    def _note(self, file: OpenFile, imported: int, skipped: int, refused: tuple[tuple[int, str], ...]) -> int:
        """Note the import of a prompt or a question set, which has been stored as an undoable step of its own."""
        with self._project.database.write() as connection:
            import_id = stored_imports.insert_import(connection, shown_name(file.source.path), file.format,
                                                     file.source.encoding, sha256=_sha256(file),
                                                     person=self._project.person)
            stored_imports.set_counts(connection, import_id, imported, skipped, refused)
        return import_id


class _Tally:
    """Counts what becomes of rows; ``lines`` has the line of each that was taken."""

    def __init__(self) -> None:
        self.refusals = _Refusals()
        self.lines = array("q")
        self.taken = self.without_answer = self.unusable = 0
        self.doubles: list[tuple[int, int]] = []
        self._first_lines: dict[bytes, int] = {}

    def add(self, item: mappings.Item, *, doubles: bool = True) -> Demonstration | None:
        """Count a row; its demonstration, if it is one. ``doubles``: look for those in the file, too."""
        if isinstance(item, Refused):
            self.refusals.add(item)
            return None
        line, demonstration = item
        self.taken += 1
        self.without_answer += not demonstration.answer.strip()
        self.unusable += bool(demonstration.unusable)
        if doubles:
            digest, known = bytes.fromhex(demonstration.content_hash), len(self._first_lines)
            first = self._first_lines.setdefault(digest, line)
            if len(self._first_lines) == known and len(self.doubles) < DOUBLES_LISTED:
                self.doubles.append((line, first))
        else:
            self.lines.append(line)
        return demonstration

    def notes(self, file: OpenFile) -> list[str]:
        """What was not taken, in words."""
        found: list[str] = []
        if file.source.beside:
            found.append(f"Not taken, since it stands beside the rows: {_listed(sorted(file.source.beside))}.")
        if self.without_answer:
            found.append(f"{counted(self.without_answer, 'row has', 'rows have')} no answer.")
        if self.unusable:
            found.append(f"{counted(self.unusable, 'row holds', 'rows hold')} tool calls, images or other parts that "
                         "are kept and shown, and cannot be part of a prompt.")
        return found


class _Met:
    """Rows that met a demonstration with the same turns."""

    def __init__(self) -> None:
        self._met: list[tuple[int, int, Demonstration]] = []
        self._lines: dict[int, int] = {}     # id → line, of the rows of this file

    def add(self, line: int, demonstration: Demonstration, id: int, new: bool) -> None:
        if new:
            self._lines[id] = line
        elif len(self._met) < DOUBLES_LISTED:
            self._met.append((line, id, demonstration))

    def doubles(self, connection: Connection) -> tuple[Double, ...]:
        there = {one.id: one for one in stored.get(connection, [id for _, id, _ in self._met])}
        return tuple(Double(line, id, self._lines.get(id, 0), _brought(there[id], demonstration))
                     for line, id, demonstration in self._met if id in there)


def _brought(there: Demonstration, double: Demonstration) -> dict[str, Any]:
    """What a double says beyond the one that is there: more tags, and a value where there is none."""
    known = {tag.casefold() for tag in there.tags}
    found: dict[str, Any] = {name: getattr(double, name)
                             for name in ("rating", "note", *TEXTS) if name != "source"
                             and getattr(double, name) and not getattr(there, name)}
    if tags := [tag for tag in double.tags if tag.casefold() not in known]:
        found["tags"] = tags
    if metadata := {name: value for name, value in double.metadata.items() if there.metadata.get(name) != value}:
        found["metadata"] = metadata
    return found


def _completed(connection: Connection, doubles: Sequence[Double]) -> dict[int, stored.Fields]:
    """id → the fields as they are to be. Where two doubles differ, the first one counts."""
    found: dict[int, stored.Fields] = {}
    there = {one.id: one for one in stored.get(connection, list({double.met for double in doubles}))}
    spelling = stored.spellings(connection)
    for double in doubles:
        demonstration = there.get(double.met)
        if demonstration is None:
            continue
        fields = found.setdefault(double.met, {})
        for name, value in double.brings.items():
            if name == "tags":
                tags = fields.get("tags", list(demonstration.tags))
                fields["tags"] = sorted({*tags, *(spelling.setdefault(tag.casefold(), tag) for tag in value)})
            elif name == "metadata":
                fields["metadata"] = value | fields.get("metadata", {}) | dict(demonstration.metadata)
            elif not getattr(demonstration, name):
                fields.setdefault(name, value)
    return found


def _good(file: OpenFile, columns: Mapping[str, str], source: str, tally: _Tally,
          progress: Callable[[int, int], None]) -> Generator[Demonstration, None, None]:
    """The demonstrations one by one; refused rows are put aside. A generator, so that it can be closed early."""
    total = file.source.total
    with closing(file.demonstrations(columns, source)) as items:
        for number, item in enumerate(items):
            if number % _PROGRESS_EVERY == 0:
                progress(min(file.source.bytes_done(), total), total)
            demonstration = tally.add(item, doubles=False)
            if demonstration is not None:
                yield demonstration
    progress(total, total)


def _uses(file: OpenFile, columns: Mapping[str, str]) -> tuple[ColumnUse, ...]:
    fields = {column: field for field, column in columns.items()}
    return tuple(ColumnUse(column.name, column.filled, fields.get(column.name, ""))
                 for column in file.columns.values())


def _question_uses(file: OpenFile, mapping: Mapping[str, str]) -> tuple[ColumnUse, ...]:
    fields = {column: field for field, column in mapping.items()}
    taken = question_table.columns_taken(tuple(file.columns), mapping)
    return tuple(ColumnUse(column.name, column.filled, fields.get(column.name, "key" if column.name in taken else ""))
                 for column in file.columns.values())


def _question_notes(file: OpenFile, mapping: Mapping[str, str]) -> list[str]:
    left = [f"{use.name} ({grouped(use.filled)})" for use in _question_uses(file, mapping)
            if not use.field and use.filled] if file.kind.rows and file.format != "mt_bench" else []
    return [f"Not taken, since a question has no place for it: {_listed(left)}."] if left else []


def kept_words(uses: Sequence[ColumnUse]) -> str:
    """The columns that are kept as metadata, with how many rows hold something; "" for none."""
    kept = [f"{use.name} ({grouped(use.filled)})" for use in uses if not use.field and use.filled]
    return f"Kept as metadata: {_listed(kept)}." if kept else ""


def brought_words(brings: Mapping[str, Any]) -> str:
    """ "tags a, b; rating 4": what a double brings."""
    def words(name: str, value: Any) -> str:
        if name == "metadata":
            return f"metadata {_listed(list(value))}"
        return f"{name} {', '.join(value) if isinstance(value, list) else value}"

    return "; ".join(words(name, value) for name, value in brings.items())


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _mapping(file: OpenFile, options: ImportOptions) -> dict[str, str]:
    """The person's mapping if there is one, else the guess. Raises FormatError for a field that does not exist."""
    unknown = [name for name in options.mapping if name not in mappings.FIELDS]
    if unknown:
        raise FormatError(f"There is no field “{unknown[0]}” to map a column to.",
                          remedy=f"The fields are {', '.join(mappings.FIELDS)}.")
    return options.mapping or file.mapping


def _source(path: Path, options: ImportOptions) -> str:
    return options.source or shown_name(path)


def _sha256(file: OpenFile) -> str:
    """Of the file as it lies on the disk; "" for a folder. Raises FormatError."""
    if file.source.is_folder:
        return ""
    try:
        with open(file.source.path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FormatError(f"{file.source.path.name} cannot be read: {error}.", safe="Nothing was imported.") from error


def _shown_cells(row: Row) -> dict[str, str]:
    return {name: mappings.as_text(value)[:_CELL] for name, value in row.cells.items()}


def _preview_prompt(file: OpenFile) -> Preview:
    found = urial.read(file.source)
    rows = tuple({"instruction": demonstration.instruction, "answer": demonstration.answer}
                 for demonstration in found.prompt.demonstrations)
    notes = (*((file.source.note,) if file.source.note else ()), *found.notes)
    return Preview(file.format, file.source.encoding, ("instruction", "answer"), {}, rows,
                   found.prompt.demonstrations, (), content="prompt", notes=notes, counted=len(rows),
                   without_answer=sum(not one.answer.strip() for one in found.prompt.demonstrations))


def _preview_questions(file: OpenFile, options: ImportOptions, rows: int) -> Preview:
    mapping = options.mapping or question_table.guess(file)
    if file.kind.rows is not None and file.format != "mt_bench" and not mappings.is_enough(mapping):
        with closing(file.rows()) as found_rows:
            raw = tuple(_shown_cells(row) for row in islice(found_rows, rows) if isinstance(row, Row))
        return Preview(file.format, file.source.encoding, tuple(file.columns), mapping, raw, (), (),
                       content="questions", notes=("No column was taken for the question: choose one.",),
                       uses=_question_uses(file, mapping), whole=file.whole)
    found = question_table.read(file, options.references, options.name, mapping, options.encoding)
    questions = found.questions.questions
    cells = tuple({"key": question.key, "category": question.category, "turns": "\n".join(question.turns),
                   "references": "\n".join(question.references)} for question in questions[:rows])
    return Preview(file.format, file.source.encoding, tuple(file.columns), mapping, cells, (),
                   tuple((row.line, row.reason) for row in found.refused), content="questions",
                   notes=(*found.notes, *_question_notes(file, mapping)), uses=_question_uses(file, mapping),
                   counted=len(questions), without_answer=sum(not question.references for question in questions),
                   whole=file.whole)


def shown_name(path: Path) -> str:
    """A file's name as it can be stored and shown: bytes of another encoding become replacement characters."""
    return shown(path.name)
