"""The fields of a demonstration beside its turns, declared once.

What a field is called, what it holds, under which names an import takes a column for it and what can be asked of it
stand here; mapping, file formats, database, table, filter and forms take it from here. See docs/adding-a-field.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Holds(StrEnum):
    """What a field holds."""

    STATUS = "status"
    NUMBER = "number"                # of what is not measured there is none
    TEXT = "text"                    # short; "" is none
    WORDS = "words"                  # long, and searched for its words
    TAGS = "tags"                    # short texts, each once
    METADATA = "metadata"            # what has no field: name → value


@dataclass(frozen=True, slots=True)
class Field:
    """``name`` is the attribute of Demonstration and the column of the database, ``title`` what a person reads.

    ``columns`` are the names (in lower case) under which an import takes a column for it, best first. ``asked`` is how
    a query names it ("" where it does not). ``measured`` fields are found by jobs: no file brings them and no person
    writes them. ``sorts``: the table can be sorted by it, ``large_first`` by default.
    """

    name: str
    title: str
    holds: Holds
    columns: tuple[str, ...] = ()
    asked: str = ""
    measured: bool = False
    sorts: bool = False
    large_first: bool = False


FIELDS = (
    Field("status", "Status", Holds.STATUS, ("status",), "status", sorts=True),
    Field("rating", "Rating", Holds.NUMBER, ("rating", "stars"), "rating", sorts=True, large_first=True),
    Field("category", "Category", Holds.TEXT, ("category", "task_type", "topic", "task", "subject"), "category",
          sorts=True),
    Field("source", "Source", Holds.TEXT, ("source", "dataset", "origin"), "source"),
    Field("licence", "Licence", Holds.TEXT, ("licence", "license"), "licence"),
    Field("language", "Language", Holds.TEXT, ("language", "lang", "locale"), "language"),
    Field("note", "Note", Holds.WORDS, ("note", "notes", "comment")),
    Field("tags", "Tags", Holds.TAGS, ("tags", "keywords", "labels"), "tag"),
    Field("metadata", "Metadata", Holds.METADATA, ("metadata",), "meta"),
    Field("tokens", "Tokens", Holds.NUMBER, asked="tokens", measured=True, sorts=True),
    Field("gain", "Gain", Holds.NUMBER, asked="gain", measured=True, sorts=True, large_first=True),
)
"""In the order in which a row's hash takes them; a field that is added later stands behind ``language``."""

BY_NAME = {field.name: field for field in FIELDS}
KEPT = tuple(field for field in FIELDS if not field.measured)
"""What a person can change, a revision keeps, and a file brings or is written."""
TEXTS = tuple(field.name for field in FIELDS if field.holds is Holds.TEXT)
ORIGIN = tuple(name for name in TEXTS if name != "category")
"""Where a demonstration comes from: said in a line."""
