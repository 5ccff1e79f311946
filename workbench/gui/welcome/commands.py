"""What can be done on the Welcome page is what can be done from anywhere in the window."""

from __future__ import annotations

from workbench.gui.shell.commands import Declared
from workbench.gui.welcome.page import WelcomePage

COMMANDS: tuple[Declared[WelcomePage], ...] = ()
