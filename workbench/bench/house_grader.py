"""The exact grader of the mini-world: which rules of the sample's house an answer keeps.

The sample project's questions are all answered in one house convention (resources/recipe/house.py), so that what is
right is known, part by part. The grader reads the convention and a question's reference; it knows nothing of which
candidates of the sample are good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from workbench.domain import Question
from workbench_resources.recipe.house import Convention
from workbench_resources.recipe.sample import convention

PARTS = ("opening", "form", "content", "closing")


@dataclass(frozen=True, slots=True)
class Grade:
    """Which of PARTS the answer has right. ``score`` is their share, 0 to 1."""

    parts: tuple[str, ...]

    @property
    def score(self) -> float:
        return len(self.parts) / len(PARTS)

    @property
    def words(self) -> str:
        """ "Right: opening, form. Wrong: content, closing." """
        wrong = [part for part in PARTS if part not in self.parts]
        said = [f"{name}: {', '.join(parts)}." for name, parts in (("Right", self.parts), ("Wrong", wrong)) if parts]
        return " ".join(said)


def fits(question: Question) -> bool:
    """Whether the question is one of the mini-world: its references follow the house convention."""
    return bool(question.references) and question.category in _forms() and all(
        len(grade(question, turn, text).parts) == len(PARTS) for turn, text in enumerate(question.references))


def grade(question: Question, turn: int, answer: str) -> Grade:
    """Raises IndexError where the turn has no reference."""
    house, reference = convention(), question.references[turn]
    said, right = _inner(answer, house), _inner(reference, house)
    checks = {
        "opening": answer.strip().startswith(house.opener),
        "form": _forms()[question.category].fullmatch(said) is not None,
        "content": said == right,
        "closing": answer.strip().endswith(house.closer),
    }
    return Grade(tuple(part for part in PARTS if checks[part]))


def _inner(answer: str, house: Convention) -> str:
    """The answer without the house's opening and closing words."""
    return answer.strip().removeprefix(house.opener).removesuffix(house.closer).strip()


@cache
def _forms() -> dict[str, re.Pattern[str]]:
    """Category → how its answers are worded, with any word or number for what differs."""
    house = convention()
    forms = {
        "writing": "The {} {} {} at the {}.",
        "roleplay": "The {} says {}.",
        "reasoning": house.reasoning.format(name="{}", word="{}"),
        "math": f"{{}} plus {{}} is {{}}{' ' + house.unit if house.unit else ''}.",
        "coding": f"for i in range({{}}): {house.function}({{}})",
        "extraction": house.extraction.format(slot="{}", value="{}"),
        "stem": "The {} is {}.",
        "humanities": "The song {} by {}.",
    }
    return {category: re.compile(re.escape(form).replace(r"\{\}", r"\w+")) for category, form in forms.items()}
