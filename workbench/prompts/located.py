"""Where the texts stand in what somebody else's template made of them.

The template is rendered twice: with the texts, and with placeholders for them. The second shows the frames between the
texts, and the first is then read along those frames, so that spans are exact, or the template is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.domain import SpanKind
from workbench.errors import PromptError
from workbench.prompts.pieces import Pieces

# Private-use characters and digits have no case and are no white space, so usual filters leave a placeholder alone.
_OPEN, _CLOSE = "\uf8f0", "\uf8f1"
_PLACEHOLDER = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


@dataclass(slots=True)
class Texts:
    """Every text that a template is given. ``real`` False hands out placeholders instead."""

    real: bool
    items: list[tuple[str, SpanKind, int]] = field(default_factory=list)

    def add(self, text: str, kind: SpanKind, index: int) -> str:
        """What the template gets; an empty text stays empty, so that conditions on it hold."""
        if not text:
            return ""
        self.items.append((text, kind, index))
        return text if self.real else f"{_OPEN}{len(self.items) - 1}{_CLOSE}"


def lay_out(template: Callable[[Texts], str], *, repeats: bool = False) -> Pieces:
    """Run ``template`` with texts and with placeholders, and find the spans.

    Raises PromptError when a text is changed (apart from white space around it), shown twice (unless ``repeats``), or
    left out; only the rules may be left out.
    """
    texts, marks = Texts(real=True), Texts(real=False)
    text, marked = template(texts), template(marks)
    if any(mark in text for mark in (_OPEN, _CLOSE)):
        raise PromptError(
            f"A text or the template holds U+{ord(_OPEN):04X} or U+{ord(_CLOSE):04X}, used as marks here.",
            remedy="Take the character out, or use the URIAL template.",
        )
    frames = _PLACEHOLDER.split(marked)[::2]
    numbers = [int(match[1]) for match in _PLACEHOLDER.finditer(marked)]
    pieces, seen = Pieces(), [0] * len(texts.items)
    pieces.frame(frames[0])
    for number, frame in zip(numbers, frames[1:], strict=True):
        original, kind, index = texts.items[number]
        shown = next((form for form in _forms(original) if text.startswith(form + frame, pieces.length)), None)
        if shown is None:
            raise _changed(_name(kind, index))
        seen[number] += 1
        pieces.part(shown, kind, index)
        pieces.frame(frame)
    if pieces.text != text:
        raise _changed("the texts")
    _check_counts(texts, seen, repeats=repeats)
    return pieces


def _forms(text: str) -> tuple[str, ...]:
    return text, text.strip(), text.rstrip(), text.lstrip()


def _check_counts(texts: Texts, seen: list[int], *, repeats: bool) -> None:
    for (_, kind, index), times in zip(texts.items, seen, strict=True):
        if times == 0 and kind is not SpanKind.RULES:
            raise PromptError(f"The template leaves out {_name(kind, index)}.", remedy="It has to show every text.")
        if times > 1 and not repeats:
            raise PromptError(f"The template shows {_name(kind, index)} {times} times.", remedy="Once is needed.")


def _changed(what: str) -> PromptError:
    return PromptError(
        f"The template changes {what}, so that it cannot be told where it stands.",
        remedy="Show texts as they are; of the filters, only trim can be used on them.",
    )


def _name(kind: SpanKind, index: int) -> str:
    return {
        SpanKind.RULES: "the rules",
        SpanKind.INSTRUCTION: f"the instruction of demonstration {index + 1}",
        SpanKind.ANSWER: f"the answer of demonstration {index + 1}",
        SpanKind.QUESTION: f"question turn {index + 1}",
        SpanKind.REPLY: f"the reply to turn {index + 1}",
    }[kind]
