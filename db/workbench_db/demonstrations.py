"""Storing, reading and changing demonstrations, with their tags, hashes and token counts."""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Connection

from workbench.domain import Demonstration, Role, Status, Turn, content_hash
from workbench.domain.fields import KEPT, Holds
from workbench.errors import WorkbenchError
from workbench_db import search_text
from workbench_db.id_list import id_list
from workbench_db.row_hash import hash_of_json, json_part, shared_part
from workbench_db.session import driver_rows

TITLE_CHARACTERS = 300
SORT_CHARACTERS = 40
CHUNK = 2000

# What a person can change, and what a revision therefore keeps. ``turns`` is [[role, text], …], with a third part where
# something is attached, ``tags`` a sorted list.
# ``metadata`` is an object.
_COLUMNS = tuple(field.name for field in KEPT if field.holds not in (Holds.TAGS, Holds.METADATA))
_PLAIN = ("deleted", *_COLUMNS)
FIELDS = (*_PLAIN, "turns", "tags", "metadata")
_HASHED_FIRST = ("deleted", "status", "rating", "category", "source", "licence", "language", "note")
"""By their places, as ever; a field that was added later is hashed by its name, and only where it has a value."""
_ADDED = tuple(name for name in _COLUMNS if name not in _HASHED_FIRST)
_WRITTEN = attrgetter(*_COLUMNS)
_PLACE = {name: place for place, name in enumerate(FIELDS)}
_NO_TEXT = json_part("")
Fields = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inserted:
    """``ids`` of the new rows, in order; ``skipped`` were there already or twice among those given."""

    ids: list[int]
    skipped: int


def insert_demonstrations(
    connection: Connection, demonstrations: Iterable[Demonstration], import_id: int | None = None,
    on_row: Callable[[int, Demonstration, int, bool], None] = lambda place, demonstration, id, new: None,
) -> Inserted:
    """Store those that are not there yet (same turns), reading the iterable in chunks.

    ``on_row`` gets the place of each among those given, and the id that it has now, or that of the one it met. Tags
    that differ from those that are there in case only take their spelling. Raises WorkbenchError if a text cannot be
    stored (half of a surrogate pair).
    """
    next_id = (connection.exec_driver_sql("SELECT max(id) FROM demonstrations").scalar() or 0) + 1
    ids: list[int] = []
    seen, spelling = 0, spellings(connection)
    for chunk in _chunks(demonstrations):
        digests = [demonstration.content_hash for demonstration in chunk]
        known = ids_by_hash(connection, digests)
        rows, tags, metadata = [], [], []
        for digest, demonstration in zip(digests, chunk, strict=True):
            new = digest not in known
            if new:
                known[digest] = next_id
                tagged = sorted({spelling.setdefault(tag.casefold(), tag) for tag in demonstration.tags})
                rows.append(_new_row(next_id, digest, demonstration, tagged, import_id))
                tags += [(tag, next_id) for tag in tagged]
                if demonstration.metadata:
                    metadata.append((next_id, _ENCODER.encode(dict(demonstration.metadata))))
                ids.append(next_id)
                next_id += 1
            on_row(seen, demonstration, known[digest], new)
            seen += 1
        if rows:
            connection.exec_driver_sql(_INSERT, rows)
            search_text.add(connection, ids[-len(rows):])
        _insert_tags(connection, tags)
        _insert_metadata(connection, metadata)
    return Inserted(ids, seen - len(ids))


def spellings(connection: Connection) -> dict[str, str]:
    """How each tag is written that is there: tags that differ in case are one."""
    return {tag.casefold(): tag for tag in
            connection.exec_driver_sql("SELECT DISTINCT tag FROM tags ORDER BY tag DESC").scalars()}


def ids_by_hash(connection: Connection, hashes: Iterable[str]) -> dict[str, int]:
    """Content hash → id, of those that are stored and not deleted."""
    rows = connection.exec_driver_sql(
        # named, since the planner takes another index and reads all of it
        "SELECT content_hash, id FROM demonstrations INDEXED BY ux_demonstrations_content WHERE deleted = 0"
        " AND content_hash IN (SELECT value FROM json_each(?))", (json.dumps(list(hashes)),))
    return {row[0]: row[1] for row in rows}


def get(connection: Connection, ids: Sequence[int], *, deleted: bool = False) -> list[Demonstration]:
    """Whole demonstrations in the order of ``ids``; those that are gone are left out, unless ``deleted`` asks."""
    live = "" if deleted else " AND +deleted = 0"
    rows = connection.exec_driver_sql(
        f"SELECT id, turns, {', '.join(_COLUMNS)} FROM demonstrations"
        f" WHERE id IN (SELECT value FROM json_each(?)){live}", (id_list(ids),))
    tags, metadata = tags_of(connection, ids), metadata_of(connection, ids)
    found = {
        id: Demonstration(turns_from(json.loads(turns)), tags=tuple(tags.get(id, ())), id=id,
                          metadata=metadata.get(id, {}), **_read(values))
        for id, turns, *values in rows
    }
    return [found[id] for id in ids if id in found]


def _read(values: Sequence[Any]) -> dict[str, Any]:
    found = dict(zip(_COLUMNS, values, strict=True))
    return found | {"status": Status(found["status"])}


def tags_of(connection: Connection, ids: Iterable[int]) -> dict[int, list[str]]:
    """Sorted tags by id; those without tags are left out."""
    tags: defaultdict[int, list[str]] = defaultdict(list)
    for id, tag in driver_rows(
            connection, "SELECT demonstration_id, tag FROM tags WHERE demonstration_id IN"
            " (SELECT value FROM json_each(?)) ORDER BY demonstration_id, tag", (id_list(ids),)):
        tags[id].append(tag)
    return dict(tags)


def metadata_of(connection: Connection, ids: Iterable[int]) -> dict[int, Fields]:
    """Column → value by id; those without are left out."""
    return {id: json.loads(metadata) for id, metadata in driver_rows(
        connection, "SELECT id, metadata FROM demonstration_metadata WHERE id IN (SELECT value FROM json_each(?))",
        (id_list(ids),))}


def patch(connection: Connection, patches: Mapping[int, Fields]) -> dict[int, Fields]:
    """Write fields, and return the former values of those that really changed, by id.

    The one way by which a stored demonstration changes: forwards when a person changes it, backwards on undo.
    """
    before: dict[int, Fields] = {}
    for ids in _chunks(patches):
        writes: defaultdict[tuple[str, ...], list[tuple[object, ...]]] = defaultdict(list)
        searched, tags, metadata = list[int](), dict[int, list[str]](), dict[int, Fields]()
        for id, digest, values in _values_of(connection, ids, turns=any("turns" in patches[id] for id in ids)):
            wanted = patches[id]
            old = {name: values[_PLACE[name]] for name in wanted if values[_PLACE[name]] != wanted[name]}
            if not old:
                continue
            before[id] = old
            for name in old:
                values[_PLACE[name]] = wanted[name]
            columns = {name: wanted[name] for name in old if name not in ("turns", "tags", "metadata")}
            if "tags" in old:
                tags[id] = wanted["tags"]
            if "metadata" in old:
                metadata[id] = wanted["metadata"]
            if "turns" in old or "note" in old:
                searched.append(id)
            if "turns" in old:
                columns |= _columns_of_turns(wanted["turns"])
                digest = columns["content_hash"]
            columns["row_hash"] = hash_of_row(id, digest, values)
            writes[tuple(columns)].append((*columns.values(), id))
        search_text.remove(connection, searched)
        for names, rows in writes.items():
            settings = ", ".join(f"{name} = ?" for name in names)
            connection.exec_driver_sql(f"UPDATE demonstrations SET {settings} WHERE id = ?", rows)
        search_text.add(connection, searched)
        _write_tags(connection, tags)
        _write_metadata(connection, metadata)
    _forget_measures(connection, [id for id, fields in before.items() if "turns" in fields])
    return before


def _values_of(connection: Connection, ids: Sequence[int], *, turns: bool) -> Iterator[tuple[int, str, list[Any]]]:
    """Id, content hash, and the values of FIELDS in their order (turns only if asked for), deleted rows too.

    Lists, not dictionaries: a step may change a million rows.
    """
    tags, metadata = tags_of(connection, ids), metadata_of(connection, ids)
    rows = driver_rows(
        connection, f"SELECT id, content_hash, {', '.join(_PLAIN)}, {'turns' if turns else 'NULL'} FROM demonstrations"
        " WHERE id IN (SELECT value FROM json_each(?))", (id_list(ids),)).fetchall()
    for id, digest, *values in rows:
        if turns:
            values[-1] = json.loads(values[-1])
        values += [tags.get(id, []), metadata.get(id, {})]
        yield id, digest, values


def store_token_counts(connection: Connection, model_id: int, counts: Sequence[tuple[int, int]]) -> None:
    """Remember (id, tokens) for a model, and show them if it is the current one."""
    if not counts:
        return
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO token_counts (model_id, demonstration_id, tokens)"
        " SELECT ?, id, ? FROM demonstrations WHERE id = ?", [(model_id, tokens, id) for id, tokens in counts])
    current = connection.exec_driver_sql("SELECT id FROM models WHERE current = 1").scalar()
    if current == model_id:
        connection.exec_driver_sql("UPDATE demonstrations SET tokens = ? WHERE id = ?",
                                   [(tokens, id) for id, tokens in counts])


def uncounted(connection: Connection, model_id: int, limit: int = 10_000) -> list[int]:
    """Ids, not deleted, whose tokens have not been counted with a model's tokenizer yet."""
    return list(connection.exec_driver_sql(
        "SELECT id FROM demonstrations WHERE deleted = 0 AND id NOT IN"
        " (SELECT demonstration_id FROM token_counts WHERE model_id = ?) ORDER BY id LIMIT ?",
        (model_id, limit)).scalars())


def hash_of_row(id: int, digest: str, values: Sequence[Any]) -> str:
    """The row's row_hash from its content hash (which covers the turns) and the values of FIELDS.

    Metadata and added fields count where they have a value: rows from before there were any keep their hash.
    """
    note, tags, metadata = values[_PLACE["note"]], shared_part(*values[_PLACE["tags"]]), values[_PLACE["metadata"]]
    plain = shared_part(*(values[_PLACE[name]] for name in _HASHED_FIRST[:-1]))
    added = {name: values[_PLACE[name]] for name in _ADDED if values[_PLACE[name]]}
    more = "".join(f",{json_part(dict(part))}" for part in (metadata, added) if part)
    return hash_of_json(f'[{id},"{digest}",{plain},{json_part(note) if note else _NO_TEXT},[{tags}]{more}]')


def turns_from(stored: Iterable[Sequence[Any]]) -> tuple[Turn, ...]:
    return tuple(Turn(Role(role), text, *attached) for role, text, *attached in stored)


def turns_json(turns: Iterable[Turn]) -> list[list[Any]]:
    return [[turn.role, turn.text, dict(turn.attached)] if turn.attached else [turn.role, turn.text] for turn in turns]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_INSERT = (f"INSERT INTO demonstrations (id, {', '.join(_COLUMNS)}, import_id, content_hash, row_hash, title, sort_key,"
           f" turns, deleted) VALUES (?{', ?' * (len(_COLUMNS) + 6)}, 0)")


def _new_row(id: int, digest: str, d: Demonstration, tags: list[str], import_id: int | None) -> tuple[object, ...]:
    written = _WRITTEN(d)
    title = title_of(d.instruction)
    return (id, *written, import_id, digest, hash_of_row(id, digest, (0, *written, None, tags, d.metadata)), title,
            sort_key_of(title), _turns_text(turns_json(d.turns)))


def _columns_of_turns(stored: list[list[Any]]) -> Fields:
    """The columns that hold turns and what is made from them."""
    turns = turns_from(stored)
    title = title_of(next((turn.text for turn in turns if turn.role is Role.USER), ""))
    return {"turns": _turns_text(stored), "content_hash": content_hash(turns), "title": title,
            "sort_key": sort_key_of(title)}


def _write_tags(connection: Connection, tags: Mapping[int, Sequence[str]]) -> None:
    """All the tags of some demonstrations."""
    if tags:
        connection.exec_driver_sql("DELETE FROM tags WHERE demonstration_id IN (SELECT value FROM json_each(?))",
                                   (id_list(tags),))
        _insert_tags(connection, [(tag, id) for id, listed in tags.items() for tag in listed])


def _write_metadata(connection: Connection, metadata: Mapping[int, Fields]) -> None:
    """All the metadata of some demonstrations."""
    if metadata:
        connection.exec_driver_sql("DELETE FROM demonstration_metadata WHERE id IN (SELECT value FROM json_each(?))",
                                   (id_list(metadata),))
        _insert_metadata(connection, [(id, _ENCODER.encode(values)) for id, values in metadata.items() if values])


def _insert_metadata(connection: Connection, rows: list[tuple[int, str]]) -> None:
    if rows:
        connection.exec_driver_sql("INSERT INTO demonstration_metadata (id, metadata) VALUES (?, ?)", rows)


def _insert_tags(connection: Connection, rows: list[tuple[str, int]]) -> None:
    if rows:
        connection.exec_driver_sql("INSERT INTO tags (tag, demonstration_id) VALUES (?, ?)", rows)


def _forget_measures(connection: Connection, ids: Sequence[int]) -> None:
    """Token counts and gains were those of the old text."""
    if ids:
        connection.exec_driver_sql("DELETE FROM token_counts WHERE demonstration_id IN"
                                   " (SELECT value FROM json_each(?))", (id_list(ids),))
        connection.exec_driver_sql("UPDATE demonstrations SET tokens = NULL, gain = NULL, gain_low = NULL,"
                                   " gain_high = NULL, gain_job_id = NULL WHERE id IN"
                                   " (SELECT value FROM json_each(?))", (id_list(ids),))


def title_of(instruction: str) -> str:
    """The first 300 characters on one line, without control characters."""
    start = instruction[:4 * TITLE_CHARACTERS]
    line = " ".join(start.split())[:TITLE_CHARACTERS]
    return line if line.isprintable() else " ".join("".join(c if c.isprintable() else " " for c in line).split())


def sort_key_of(title: str) -> str:
    """Case and accents do not count."""
    letters = title[:SORT_CHARACTERS].casefold()
    if letters.isascii():
        return letters
    return "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))


def _turns_text(turns: list[list[Any]]) -> str:
    text = _ENCODER.encode(turns)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise WorkbenchError("A text holds half of a character (a lone surrogate) and cannot be stored.",
                             safe="Nothing was changed.", remedy="Take that character out.") from error
    return text


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
