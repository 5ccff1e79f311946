"""The one language for queries: words, phrases, fields and comparisons, put together with AND, OR, NOT and brackets.

``train tag:code tokens<600 (status:accepted OR rating>=4) NOT source:web``. Parts that stand side by side all hold.
``-`` before a part is NOT; ``"…"`` is a phrase, or a value with spaces; ``tokens:20..80`` is a range; ``has:note`` asks
whether there is one; ``meta:id=7`` asks for what a column of the file said (``meta:id``: anything). AND, OR and NOT are
written in capitals: in small letters they are words like others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workbench.domain.demonstration import Status
from workbench.domain.fields import FIELDS, Field, Holds
from workbench.errors import WorkbenchError

ASKED: Mapping[str, Field] = {field.asked: field for field in FIELDS if field.asked}
"""What can be asked of a demonstration, by the name that is typed."""

HAS: Mapping[str, Field | None] = {"answer": None} | {
    field.asked if field.holds is Holds.TAGS else field.name: field
    for field in FIELDS if field.holds is not Holds.STATUS}
"""What ``has:`` can ask for."""

OPERATORS = ("<=", ">=", "<", ">", "=")


class QueryError(WorkbenchError):
    """A query that cannot be read. ``start`` and ``end`` are the place in the text, counted in characters from 0."""

    def __init__(self, message: str, start: int, end: int, remedy: str = "") -> None:
        super().__init__(message, safe="Nothing was changed.", remedy=remedy)
        self.start, self.end = start, end


@dataclass(frozen=True, slots=True)
class Word:
    """A word or (``phrase``) words in this order, in the instruction, the answers or the note. ``unfinished``: it is
    still being typed and stands for all that it begins."""

    text: str
    phrase: bool = False
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Is:
    """A field has this value; case does not count. A status is one of Status' values."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Compare:
    """``field`` (of numbers) ``operator`` (of OPERATORS) ``value``. What was not measured compares to nothing."""

    field: str
    operator: str
    value: float


@dataclass(frozen=True, slots=True)
class Has:
    """There is a note, a tag, a gain … at all."""

    what: str


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; no part at all lets everything through."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Node, ...]


Node = Word | Is | Compare | Has | Not | All | AnyOf


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, taken apart. ``parts`` must all hold; ``spans`` are their places (start, end) in the text."""

    parts: tuple[Node, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that every match has, by which matches are ranked."""
        return tuple(part for part in self.parts if isinstance(part, Word))

    @property
    def marked(self) -> tuple[Word, ...]:
        """All words that a match may have, to be marked in its text: those under NOT are left out."""
        return tuple(word for part in self.parts for word in _wanted(part))

    @property
    def has_text(self) -> bool:
        return bool(self.words)


def _wanted(node: Node) -> Iterator[Word]:
    if isinstance(node, Word):
        yield node
    elif isinstance(node, All | AnyOf):
        for part in node.parts:
            yield from _wanted(part)


def parse(text: str) -> Query:
    """Take apart what was typed.

    The last word counts as unfinished unless a space, a bracket or a closing quote follows it; a field or comparison
    at the end of the text that has no value yet asks for nothing. Raises QueryError.
    """
    return _Parser(_storable(text)).query()


def plain_words(text: str) -> Query:
    """Nothing but the words and phrases of a text, whatever signs stand in it."""
    text = _storable(text)
    found = [(piece, piece[0].replace('"', " ").strip()) for piece in re.finditer(r'"[^"]*(?:"|$)|[^\s"]+', text)]
    words = [(Word(part, phrase=piece[0].startswith('"'), unfinished=piece.end() == len(text) and piece[0][0] != '"'),
              piece.span()) for piece, part in found if part]
    return Query(tuple(word for word, _ in words), tuple(span for _, span in words))


def _storable(text: str) -> str:
    """Without what no stored text can hold: NUL, and halves of characters. A space each: places stay where they are."""
    return "".join(" " if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def quote(value: str) -> str:
    """A value as it is typed behind ``tag:``."""
    return f'"{value}"' if re.search(r'[\s()]', value) or not value else value


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str                        # "(", ")", "-", "AND", "OR", "NOT", "term"
    start: int
    end: int
    text: str = ""


_PIECE = re.compile(r'\s+|(?P<bracket>[()])|(?P<minus>-(?=[^\s-]))|(?P<term>(?:[^\s()"]*"[^"]*(?:"|$)|[^\s()"]+)+)')
_FIELD = re.compile(r'(?P<name>[A-Za-z]+)(?P<operator>:|<=|>=|<|>|=)(?P<value>.*)', re.DOTALL)
_NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?")
_RANGE = re.compile(rf"({_NUMBER.pattern})\.\.({_NUMBER.pattern})")
_DEEPEST = 50


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._cut()
        self._at = self._depth = 0

    def _cut(self) -> list[_Token]:
        tokens: list[_Token] = []
        for piece in _PIECE.finditer(self._text):
            kind, found = piece.lastgroup, piece[0]
            if kind == "bracket":
                tokens.append(_Token(found, piece.start(), piece.end()))
            elif kind == "minus":
                tokens.append(_Token("-", piece.start(), piece.end()))
            elif kind == "term":
                name = found if found in ("AND", "OR", "NOT") else "term"
                tokens.append(_Token(name, piece.start(), piece.end(), found))
        return tokens

    def query(self) -> Query:
        parts: list[Node] = []
        spans: list[tuple[int, int]] = []
        while (token := self._next()) is not None:
            if token.kind == ")":
                raise QueryError("This bracket was not opened.", token.start, token.end,
                                 "Take it out, or put the text in quotes to search for it.")
            part = self._either()
            end = self._tokens[self._at - 1].end
            if part is not None:
                parts.append(part)
                spans.append((token.start, end))
        return Query(tuple(parts), tuple(spans))

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _either(self) -> Node | None:
        """Parts with OR between them. AND binds closer; parts side by side, without OR, are left to the caller."""
        found = [self._both()]
        while (token := self._next()) is not None and token.kind == "OR":
            self._at += 1
            found.append(self._both(after=token))
        parts = tuple(part for part in found if part is not None)
        return AnyOf(parts) if len(parts) > 1 else parts[0] if parts else None

    def _both(self, after: _Token | None = None) -> Node | None:
        found = [self._one(after)]
        while (token := self._next()) is not None and token.kind == "AND":
            self._at += 1
            found.append(self._one(token))
        parts = tuple(part for part in found if part is not None)
        return All(parts) if len(parts) > 1 else parts[0] if parts else None

    def _one(self, after: _Token | None) -> Node | None:
        token = self._next()
        if token is None or token.kind in (")", "AND", "OR"):
            self._missing(token, after)
            return None
        self._at += 1
        if token.kind in ("-", "NOT"):
            self._deeper(token)
            part = self._one(token)
            self._depth -= 1
            return None if part is None else Not(part)
        if token.kind == "(":
            return self._bracket(token)
        return self._term(token)

    def _missing(self, token: _Token | None, after: _Token | None) -> None:
        """Something is missing: at the end of the text it may still be typed."""
        if token is None:
            return
        self._at += 1
        word = token.kind
        raise QueryError(f"There is nothing before this “{word}”." if after is None or word == ")"
                         else f"“{after.kind}” is followed by “{word}”.", token.start, token.end,
                         "To search for the word itself, write it in small letters or in quotes.")

    def _bracket(self, opened: _Token) -> Node | None:
        self._deeper(opened)
        parts: list[Node] = []
        while (token := self._next()) is not None and token.kind != ")":
            part = self._either()
            if part is not None:
                parts.append(part)
        self._at += token is not None            # an open bracket is closed by the end of the text
        self._depth -= 1
        return All(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None

    def _deeper(self, token: _Token) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"More than {_DEEPEST} brackets or NOTs stand inside each other.", token.start, token.end)

    def _term(self, token: _Token) -> Node | None:
        text, ends = token.text, token.end == len(self._text)
        found = _FIELD.fullmatch(text)
        if found is not None:
            name, operator, value = found["name"].lower(), found["operator"], found["value"]
            if name == "has" and operator == ":":
                return self._has(token, _unquoted(value), ends)
            if name in ASKED:
                return self._field(token, name, operator, _unquoted(value), ends)
            self._refuse_unknown(token, found["name"], operator, value)
        if '"' in text:
            words = " ".join(text.replace('"', " ").split())
            return Word(words, phrase=True) if words else None
        return Word(text, unfinished=ends)

    def _has(self, token: _Token, what: str, ends: bool) -> Node | None:
        if what.lower() in HAS:
            return Has(what.lower())
        if ends and any(name.startswith(what.lower()) for name in HAS):
            return None
        raise QueryError(f"“has:” does not know “{what}”.", token.start, token.end, f"It knows {', '.join(HAS)}.")

    def _field(self, token: _Token, name: str, operator: str, value: str, ends: bool) -> Node | None:
        holds = ASKED[name].holds
        if not value:
            if ends and not token.text.endswith('"'):
                return None
            if holds not in (Holds.NUMBER, Holds.STATUS) and operator in (":", "=") and token.text.endswith('""'):
                return Is(name, "")
            raise QueryError(f"“{name}{operator}” lacks a value.", token.start, token.end)
        if holds is Holds.NUMBER:
            return self._number(token, name, operator, value, ends)
        if operator not in (":", "="):
            raise QueryError(f"“{name}” is no number and cannot be compared with “{operator}”.", token.start, token.end,
                             f"Write {name}:{quote(value)}.")
        if holds is Holds.STATUS:
            if value.lower() not in list(Status):
                if ends and any(status.startswith(value.lower()) for status in Status):
                    return None
                raise QueryError(f"There is no status “{value}”.", token.start, token.end,
                                 f"A status is {', '.join(Status)}.")
            return Is(name, value.lower())
        return Is(name, value)

    def _number(self, token: _Token, name: str, operator: str, value: str, ends: bool) -> Node | None:
        if operator == ":" and (span := _RANGE.fullmatch(value)):
            low, high = sorted(map(_float, span.groups()))
            return All((Compare(name, ">=", low), Compare(name, "<=", high)))
        if _NUMBER.fullmatch(value):
            return Compare(name, "=" if operator == ":" else operator, _float(value))
        if ends and re.fullmatch(rf"[-+−]|{_NUMBER.pattern}\.(?:\.[-+−]?)?", value):
            return None
        raise QueryError(f"“{name}” is compared with a number; “{value}” is none.", token.start, token.end,
                         f"For example {name}>=3 or {name}:2..4.")

    def _refuse_unknown(self, token: _Token, typed: str, operator: str, value: str) -> None:
        """``http://…``, ``a<b`` and ``12:30`` are text; a field that does not exist is a mistake."""
        name = typed.lower()
        near = difflib.get_close_matches(name, [*ASKED, "has"], 1, 0.7)
        if not near and (operator != ":" or not value or value.startswith("/") or len(name) < 3):
            return
        known = f"Did you mean “{near[0]}{operator}”? " if near else f"Fields are {', '.join(ASKED)} and has. "
        raise QueryError(f"There is no field “{typed}”.", token.start, token.start + len(typed),
                         f'{known}To search for these characters, put them in quotes: "{token.text}".')


def _unquoted(value: str) -> str:
    return value.replace('"', "").strip()


def _float(text: str) -> float:
    return float(text.replace("−", "-"))
