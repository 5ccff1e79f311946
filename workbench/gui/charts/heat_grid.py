"""Where a heat map's cells lie: questions side by side, grouped by category, with a gap between groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain import Question

GROUP_GAP = 6.0
SMALLEST_CELL = 6.0                  # with gaps between cells; narrower ones are drawn without
SMALLEST_PIXEL_CELL = 4.0


@dataclass(frozen=True, slots=True)
class Group:
    """Columns ``start:end`` (places, not question numbers) of one category."""

    category: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """``order[place]`` is the question's index in the data; ``groups`` cover the places from left to right."""

    order: tuple[int, ...]
    groups: tuple[Group, ...]
    cell: float

    @property
    def width(self) -> float:
        return len(self.order) * self.cell + GROUP_GAP * max(0, len(self.groups) - 1)

    def left(self, place: int) -> float:
        """The left edge of a column, in pixels from the first one's."""
        return place * self.cell + GROUP_GAP * self.group_of(place)

    def group_of(self, place: int) -> int:
        return next((index for index, group in enumerate(self.groups) if place < group.end), len(self.groups) - 1)

    def place_at(self, x: float) -> int | None:
        """The column at ``x`` pixels; None in a gap or outside."""
        for index, group in enumerate(self.groups):
            start = group.start * self.cell + GROUP_GAP * index
            if start <= x < start + (group.end - group.start) * self.cell:
                return min(group.end - 1, group.start + int((x - start) // self.cell))
        return None


def by_category(questions: Sequence[Question]) -> tuple[tuple[int, ...], tuple[Group, ...]]:
    """Questions in the order of their categories' first appearance, and the groups that gives."""
    categories = list(dict.fromkeys(question.category for question in questions))
    order = sorted(range(len(questions)), key=lambda index: categories.index(questions[index].category))
    groups, start = [], 0
    for category in categories:
        size = sum(question.category == category for question in questions)
        groups.append(Group(category, start, start + size))
        start += size
    return tuple(order), tuple(groups)


def layout(questions: Sequence[Question], width: float) -> ColumnLayout:
    """Columns that fill ``width``, but not narrower than can be seen and hit."""
    order, groups = by_category(questions)
    room = width - GROUP_GAP * max(0, len(groups) - 1)
    cell = room / len(order) if order else 0.0
    return ColumnLayout(order, groups, max(cell, SMALLEST_PIXEL_CELL))
