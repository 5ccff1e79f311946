"""What a person chose to see, as chips: one for each active filter, each knowing the filter without it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from workbench.domain.filter import Filter
from workbench.domain.query import All, AnyOf, Compare, Has, Is, Node, Not, Word, parse

_COMPARED = {"<": "under", "<=": "up to", ">": "over", ">=": "from", "=": ""}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: ``terms`` that stand as chips (``tag:code``) and the remaining ``words``."""

    terms: tuple[str, ...] = ()
    words: str = ""

    @property
    def text(self) -> str:
        """As the services read it."""
        return " ".join(part for part in (*self.terms, self.words.strip()) if part)


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter: what the chip says, and what is left when it is taken away."""

    label: str
    where: Filter
    typed: Typed


def lift_terms(typed: Typed) -> Typed:
    """Take all that is no plain word out of the field, so that each can be shown as a chip and the field is free for
    the next. Raises QueryError."""
    query = parse(typed.words)
    found = [typed.words[start:end] for part, (start, end) in zip(query.parts, query.spans, strict=True)
             if not isinstance(part, Word)]
    words = [typed.words[start:end] for part, (start, end) in zip(query.parts, query.spans, strict=True)
             if isinstance(part, Word)]
    return Typed((*typed.terms, *(term for term in dict.fromkeys(found) if term not in typed.terms)), " ".join(words))


def term_label(term: str) -> str:
    """``tokens<600`` in words: "Tokens under 600"."""
    label = " and ".join(_label(part) for part in parse(f"{term} ").parts)
    return label[:1].upper() + label[1:]


def _label(node: Node) -> str:
    match node:
        case Word():
            return f"“{node.text}”"
        case Is():
            return f"{node.field}: {node.value or 'none'}"
        case Compare():
            number = f"{node.value:g}".replace("-", "−")
            return " ".join(part for part in (node.field, _COMPARED[node.operator], number) if part)
        case Has():
            return f"with {'an' if node.what[0] == 'a' else 'a'} {node.what}"
        case Not(part=Has(what=what)):
            return f"without {what}"
        case Not():
            return f"not {_inner(node.part)}"
        case All(parts=(Compare(operator=">=") as low, Compare(operator="<=") as high)) if low.field == high.field:
            return f"{low.field} {low.value:g} to {high.value:g}".replace("-", "−")
        case All():
            return " and ".join(_inner(part) for part in node.parts)
        case AnyOf():
            return " or ".join(_inner(part) for part in node.parts)


def _inner(node: Node) -> str:
    return f"({_label(node)})" if isinstance(node, All | AnyOf) else _label(node)


def chips(where: Filter, typed: Typed) -> list[Chip]:
    """A chip for every filter but the plain words, which stand in the field itself."""
    found = [Chip(term_label(term), where, replace(typed, terms=tuple(t for t in typed.terms if t != term)))
             for term in typed.terms]
    if where.min_tokens is not None or where.max_tokens is not None:
        found.append(Chip(_length_label(where), replace(where, min_tokens=None, max_tokens=None), typed))
    for name, values, without in (
        ("Status", [s.value for s in where.statuses], replace(where, statuses=frozenset())),
        ("Category", [c or "none" for c in where.categories], replace(where, categories=frozenset())),
        ("Source", [s or "none" for s in where.sources], replace(where, sources=frozenset())),
        ("Rating", [str(r) if r else "none" for r in where.ratings], replace(where, ratings=frozenset())),
        ("Tag", list(where.tags), replace(where, tags=frozenset())),
    ):
        if values:
            found.append(Chip(_values_label(name, values), without, typed))
    return found


def is_active(where: Filter, typed: Typed) -> bool:
    """Whether anything at all is filtered out."""
    return where != Filter() or bool(typed.text)


def _values_label(name: str, values: Collection[str]) -> str:
    return f"{name}: {next(iter(values))}" if len(values) == 1 else f"{name}: {len(values)} chosen"


def _length_label(where: Filter) -> str:
    if where.min_tokens is None:
        return f"Tokens up to {where.max_tokens}"
    if where.max_tokens is None:
        return f"Tokens from {where.min_tokens}"
    return f"Tokens {where.min_tokens} to {where.max_tokens}"
