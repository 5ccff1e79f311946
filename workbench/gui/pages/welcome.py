"""The first page: open something."""

from __future__ import annotations

from workbench.gui.page import Page
from workbench.gui.session import Session
from workbench.gui.views.labels import label


class WelcomePage(Page):
    name, title, icon_name = "welcome", "Welcome", "home"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.body.addWidget(label("Choose the examples a model learns from", "display"))
        self.body.addStretch(1)
