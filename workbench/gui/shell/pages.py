"""The pages of the window, in the order of the rail. A page's modules are imported when it is first shown."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.gui.shell.commands import Declared
    from workbench.gui.shell.page import Page
    from workbench.gui.shell.session import Session


@dataclass(frozen=True, slots=True)
class PageEntry:
    """``group`` numbers the parts of the rail that a line sets apart; ``needs_project`` greys it out without one."""

    name: str
    title: str
    icon: str
    class_name: str
    group: int = 0
    needs_project: bool = True

    def commands(self) -> tuple[Declared[Page], ...]:
        """What its package declares that can be done on it."""
        declared: tuple[Declared[Page], ...] = importlib.import_module(f"workbench.gui.{self.name}.commands").COMMANDS
        return declared

    def build(self, session: Session) -> Page:
        """The page, with its commands registered."""
        page_class: type[Page] = getattr(importlib.import_module(f"workbench.gui.{self.name}.page"), self.class_name)
        page = page_class(session)
        session.commands.declare(self.commands(), page, page=self.name)
        return page


PAGES = (
    PageEntry("welcome", "Welcome", "home", "WelcomePage", 0, needs_project=False),
    PageEntry("demonstrations", "Demonstrations", "demos", "DemonstrationsPage", 0),
    PageEntry("prompt", "Prompt", "prompt", "PromptPage", 0),
    PageEntry("rankings", "Rankings", "rank", "RankingsPage", 0),
    PageEntry("alignment", "Alignment", "align", "AlignmentPage", 1),
    PageEntry("bench", "Bench", "bench", "BenchPage", 1),
    PageEntry("models", "Models", "models", "ModelsPage", 2),
    PageEntry("jobs", "Jobs", "jobs", "JobsPage", 2),
)


def entry(name: str) -> PageEntry:
    return next(page for page in PAGES if page.name == name)
