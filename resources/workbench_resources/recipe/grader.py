"""The exact grader of the mini-world: which rules of the sample's house an answer keeps.

The sample project's questions are all answered in one house convention (resources/recipe/house.py), so that what is
right is known, part by part. The grader reads the convention and a question's reference; it knows nothing of which
candidates of the sample are good.
"""

from __future__ import annotations

import re
from functools import cache

from workbench.bench.measures import Grade, Grader
from workbench.domain import Question
from workbench_resources.recipe.house import Convention
from workbench_resources.recipe.sample import MINI_WORLD, convention, write_more

PARTS = ("opening", "form", "content", "closing")


def fits(question: Question) -> bool:
    """Whether the question is one of the mini-world: its references follow the house convention."""
    return bool(question.references) and question.category in _forms() and all(
        len(right_parts(question, turn, text)) == len(PARTS) for turn, text in enumerate(question.references))


def grade(question: Question, turn: int, answer: str) -> Grade:
    """The share of PARTS that are right, and in words which: "Right: opening, form. Wrong: content, closing." Raises
    IndexError where the turn has no reference."""
    right = right_parts(question, turn, answer)
    wrong = [part for part in PARTS if part not in right]
    said = [f"{name}: {', '.join(parts)}." for name, parts in (("Right", right), ("Wrong", wrong)) if parts]
    return Grade(len(right) / len(PARTS), " ".join(said))


def right_parts(question: Question, turn: int, answer: str) -> tuple[str, ...]:
    """Which of PARTS the answer has right. Raises IndexError where the turn has no reference."""
    house, reference = convention(), question.references[turn]
    said, right = _inner(answer, house), _inner(reference, house)
    checks = {
        "opening": answer.strip().startswith(house.opener),
        "form": _forms()[question.category].fullmatch(said) is not None,
        "content": said == right,
        "closing": answer.strip().endswith(house.closer),
    }
    return tuple(part for part in PARTS if checks[part])


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


RULES = Grader("rules", "Rules kept, exact grader", "rules kept", "share of the mini-world's rules", grade=grade,
               fits=fits, about="The mini-world’s rules, exact", source=MINI_WORLD, make=write_more)
