"""The pages of the window, in the order of the rail. A page's class is imported when it is first shown."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.gui.page import Page


@dataclass(frozen=True, slots=True)
class PageEntry:
    """``group`` numbers the parts of the rail that a line sets apart; ``needs_project`` greys it out without one."""

    name: str
    title: str
    icon: str
    class_path: str
    group: int = 0
    needs_project: bool = True

    def load(self) -> type[Page]:
        module, _, cls = self.class_path.partition(":")
        loaded: type[Page] = getattr(importlib.import_module(f"workbench.gui.pages.{module}"), cls)
        return loaded


PAGES = (
    PageEntry("welcome", "Welcome", "home", "welcome:WelcomePage", 0, needs_project=False),
    PageEntry("demonstrations", "Demonstrations", "demos", "demonstrations:DemonstrationsPage", 0),
    PageEntry("prompt", "Prompt", "prompt", "prompt:PromptPage", 0),
    PageEntry("rankings", "Rankings", "rank", "rankings:RankingsPage", 0),
    PageEntry("alignment", "Alignment", "align", "alignment:AlignmentPage", 1),
    PageEntry("bench", "Bench", "bench", "bench:BenchPage", 1),
    PageEntry("models", "Models", "models", "models:ModelsPage", 2),
    PageEntry("jobs", "Jobs", "jobs", "jobs:JobsPage", 2),
)


def entry(name: str) -> PageEntry:
    return next(page for page in PAGES if page.name == name)
