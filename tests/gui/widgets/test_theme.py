from __future__ import annotations

import math

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from workbench.gui.widgets import theme

TEXT = ("text", "text2", "text3", "accent_text")
GROUNDS = ("surface", "canvas", "hover", "selected")
PAIRS = ("ok", "bad", "warn", "info", "idle", "gain", "loss")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_is_readable_on_every_ground_it_stands_on(app: QApplication, mode: str) -> None:
    theme.set_mode(mode)
    for token in TEXT:
        for ground in GROUNDS:
            assert theme.contrast(theme.color(token), theme.color(ground)) >= 4.4, (token, ground)
    for token in PAIRS:
        assert theme.contrast(theme.color(token), theme.color(f"{token}_soft")) >= 4.5, token
    assert theme.contrast(theme.color("on_accent"), theme.color("accent")) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_outlines_and_marks_stand_out_from_the_surface(app: QApplication, mode: str) -> None:
    theme.set_mode(mode)
    for token in ("field", "control", "focus"):
        assert theme.contrast(theme.color(token), theme.color("surface")) >= 3.0, token
    for index in range(6):
        assert theme.contrast(theme.series(index), theme.color("surface")) >= 3.0, index


def test_the_diverging_scale_is_gain_at_one_end_loss_at_the_other_and_neutral_between(app: QApplication) -> None:
    gain, loss, zero = theme.diverging(1), theme.diverging(-1), theme.diverging(0)
    assert gain.blue() > gain.red()
    assert loss.red() > loss.blue()
    assert abs(zero.red() - zero.blue()) < 8
    assert theme.diverging(7) == gain
    assert theme.diverging(math.nan) == zero


def test_the_sequential_scale_gets_darker_in_the_light_theme_and_lighter_in_the_dark_one(app: QApplication) -> None:
    light = [theme.luminance(theme.sequential(x / 10)) for x in range(11)]
    theme.set_mode("dark")
    dark = [theme.luminance(theme.sequential(x / 10)) for x in range(11)]
    assert light == sorted(light, reverse=True)
    assert dark == sorted(dark)


def test_text_on_a_colour_is_whichever_reads_better(app: QApplication) -> None:
    assert theme.text_on(QColor("#FFFFFF")) == QColor("#1C1C24")
    assert theme.text_on(QColor("#0B5566")) == QColor("#FFFFFF")


def test_switching_the_theme_changes_the_colours_and_tells_the_widgets(app: QApplication, qtbot: QtBot) -> None:
    before = theme.color("surface")
    with qtbot.waitSignal(theme.notifier.changed):
        theme.set_mode("dark")
    assert theme.name() == "dark"
    assert theme.color("surface") != before
    assert app.palette().window().color() == theme.color("canvas")


def test_a_mode_that_does_not_exist_is_refused(app: QApplication) -> None:
    with pytest.raises(ValueError, match="sepia"):
        theme.set_mode("sepia")


def test_a_larger_base_font_enlarges_every_role(app: QApplication) -> None:
    small = {role: theme.px(role) for role in ("display", "title", "body", "caption")}
    theme.set_text_step(5)
    try:
        assert all(theme.px(role) > size for role, size in small.items())
        assert app.font().pixelSize() == small["body"] + 5
    finally:
        theme.set_text_step(0)


@pytest.mark.parametrize("dpr", [1.0, 2.0])
def test_every_icon_draws_something(app: QApplication, dpr: float) -> None:
    for name in theme.icon_names():
        image = theme.pixmap(name, "text", 18, dpr).toImage()
        assert image.width() == 18 * dpr
        inked = sum(image.pixelColor(x, y).alpha() > 128 for x in range(image.width()) for y in range(image.height()))
        assert inked > 2, name


def test_labels_show_markup_as_text(app: QApplication, qtbot: QtBot) -> None:
    from workbench.gui.widgets.labels import label

    shown = label("<b>bold</b> & <img src='file:///etc/passwd'>")
    plain = QLabel("bold & ")
    for widget in (shown, plain):
        qtbot.addWidget(widget)
    assert shown.sizeHint().width() > 2 * plain.sizeHint().width()


def test_twenty_thousand_calls_that_return_none_do_not_end_the_process(app: QApplication, qtbot: QtBot) -> None:
    """PySide6 6.12.0 aborts here on CPython 3.11: it releases a reference to None that it does not own."""
    widget = QWidget()
    qtbot.addWidget(widget)
    for n in range(20_000):
        assert widget.setObjectName(str(n)) is None
        widget.update()
    assert widget.objectName() == "19999"
