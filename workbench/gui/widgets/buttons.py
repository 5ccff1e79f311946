"""Push buttons and icon buttons in the design's kinds; their icons follow the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton, QWidget

from workbench.gui.widgets import theme
from workbench.gui.widgets.labels import set_property

_ICON_TOKENS = {"primary": "on_accent", "danger": "bad", "destroy": "surface", "on": "accent_text",
                "link": "accent_text", "chip": "accent_text"}


class Button(QPushButton):
    """``kind``: "" (secondary), "primary", "ghost", "danger", "destroy", "link" or "on" (chosen)."""

    def __init__(self, text: str, kind: str = "", icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon_name = icon
        self._kind = kind
        self.setProperty("k", kind)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._retheme()
        theme.notifier.changed.connect(self._retheme)

    def set_kind(self, kind: str) -> None:
        self._kind = kind
        set_property(self, "k", kind)
        self._retheme()

    def set_icon_name(self, icon: str) -> None:
        self._icon_name = icon
        self._retheme()

    def _retheme(self) -> None:
        side = round(18 * theme.scale())
        self.setIconSize(QSize(side, side))
        self.setIcon(theme.icon(self._icon_name, _ICON_TOKENS.get(self._kind, "text2"), side)
                     if self._icon_name else QIcon())


def primary(text: str, icon: str = "") -> Button:
    """The page's one main action."""
    return Button(text, "primary", icon)


def secondary(text: str, icon: str = "") -> Button:
    return Button(text, "", icon)


def ghost(text: str, icon: str = "") -> Button:
    """A quiet tool in a header."""
    return Button(text, "ghost", icon)


def danger(text: str, icon: str = "") -> Button:
    """A destructive action: outlined; it turns solid ("destroy") only inside a confirmation."""
    return Button(text, "danger", icon)


def link(text: str) -> Button:
    return Button(text, "link")


class IconButton(QToolButton):
    """An icon without words: it always has an accessible name and a tooltip."""

    def __init__(
        self, icon: str, accessible: str, tooltip: str = "", *, size: int = 18, token: str = "text2",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name, self._token = icon, token
        self.setAccessibleName(accessible)
        self.setToolTip(tooltip or accessible)
        self.setIconSize(QSize(size, size))
        self.setFixedSize(28, 28)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._retheme()
        theme.notifier.changed.connect(self._retheme)

    def set_icon_name(self, icon: str, accessible: str = "", tooltip: str = "") -> None:
        self._icon_name = icon
        if accessible:
            self.setAccessibleName(accessible)
            self.setToolTip(tooltip or accessible)
        self._retheme()

    def _retheme(self) -> None:
        self.setIcon(theme.icon(self._icon_name, self._token, self.iconSize().width()))


def icon_button(name: str, accessible: str, tooltip: str = "", *, size: int = 18, token: str = "text2") -> IconButton:
    return IconButton(name, accessible, tooltip, size=size, token=token)
