"""The charts that compare contestants: their geometry, numbers, marks and keyboard."""

from __future__ import annotations

import csv
import html
import io
import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.domain import Contestant, Interval, ModelRef, Question
from workbench.gui.charts import export
from workbench.gui.charts.band import BandChart, BandLine, BandPoint
from workbench.gui.charts.bars import Bar, BarChart, BarGroup
from workbench.gui.charts.ladder import Ladder, Rung
from workbench.gui.charts.marks import BASELINE, Mark, MarkedChart, ink, neighbour
from workbench.gui.charts.matrix import Matrix, MatrixCell
from workbench.gui.charts.radar import Outline, RadarChart
from workbench.gui.charts.scatter import Dot, Scatter
from workbench.gui.charts.score_map import ScoreMap
from workbench.gui.widgets import theme
from workbench.services.bench_reading import short_names

NAMES = ("No demonstrations", "<b>bold</b>", "مرحبا 🙂")
CATEGORIES = ("Writing", "Maths", "Coding", "Science")


def interval(mean: float, half: float = 0.5) -> Interval:
    return Interval(mean, mean - half, mean + half)


def radar() -> RadarChart:
    made = RadarChart("By category")
    made.show_outlines(CATEGORIES, [Outline(name, tuple(interval(3.0 + place + axis) for axis in range(4)), place,
                                            key=place) for place, name in enumerate(NAMES)], [0, 3, 6, 9], "points")
    return made


def bars() -> BarChart:
    made = BarChart("By turn", "Turn")
    made.show_groups([BarGroup(f"Turn {turn}", tuple(Bar(name, interval(4.0 + place - turn), place, (turn, place))
                                                    for place, name in enumerate(NAMES))) for turn in (1, 2)],
                     0, 10, unit="points")
    return made


def matrix() -> Matrix:
    made = Matrix("Win rates", "share", "row beats column")
    made.show_cells(NAMES, NAMES, [[MatrixCell(math.nan if a == b else (a - b + 3) / 6, ("2 of 4 games",), (a, b))
                                    for b in range(3)] for a in range(3)])
    return made


def ladder() -> Ladder:
    made = Ladder("Ratings", "Rating")
    made.show_rungs([Rung(name, interval(1000.0 - 40 * place, 25), place, place) for place, name in enumerate(NAMES)],
                    reference=1000.0)
    return made


def scatter() -> Scatter:
    made = Scatter("Length")
    dots = [Dot("", 10.0 ** (place / 10), place / 4, place % 3, ("answer", place)) for place in range(40)]
    made.show_dots([*dots, *(Dot(name, 100.0, 3.0 + 3 * place, place, place, True)
                             for place, name in enumerate(NAMES))], ("characters", "points"), logarithmic=True)
    return made


def band() -> BandChart:
    made = BandChart("Scaling")
    made.show_lines([BandLine(name, tuple(BandPoint(x, interval(place + math.log1p(x)), (place, x))
                                          for x in (0, 3, 10, 50)), place) for place, name in enumerate(NAMES)],
                    ("demonstrations", "nats"), logarithmic=True)
    return made


def score_map(count: int = 12) -> ScoreMap:
    made = ScoreMap("By question")
    questions = [Question((f"What is {n}?",), (), CATEGORIES[n % 4], key=str(n), id=n) for n in range(count)]
    scores = np.tile(np.linspace(1, 10, count), (3, 1))
    scores[1, 2] = np.nan
    made.show_scores(NAMES, (BASELINE, 0, 1), questions, scores, 1, 10, "points")
    return made


MAKERS = (radar, bars, matrix, ladder, scatter, band, score_map)


@pytest.mark.parametrize("maker", MAKERS)
def test_every_mark_lies_in_the_chart_and_says_its_number(app: QApplication, qtbot: QtBot, maker: type) -> None:
    chart: MarkedChart = maker()
    qtbot.addWidget(chart)
    chart.resize(600, 340)
    marks = chart.marks(QRectF(chart.rect()))
    assert marks
    for mark in marks:
        assert QRectF(chart.rect()).adjusted(-10, -10, 10, 10).contains(mark.rect)
        assert any(character.isdigit() or character == "–" for line in mark.words[1:] for character in line)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_chart_is_exported_in_both_themes_with_all_its_numbers(app: QApplication, qtbot: QtBot, maker: type) -> None:
    chart: MarkedChart = maker()
    qtbot.addWidget(chart)
    chart.note = "Reference log-likelihood: not an MT-Bench score"
    light = export.png(chart)
    assert b"not an MT-Bench score" in export.svg(chart)
    theme.set_mode("dark")
    assert export.png(chart) != light
    rows = list(csv.reader(io.StringIO(export.csv_text(chart.table()))))
    assert len(rows) > 2
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("maker", [radar, bars])
def test_an_exported_picture_says_whose_colour_is_whose(app: QApplication, qtbot: QtBot, maker: type) -> None:
    chart = maker()
    qtbot.addWidget(chart)
    picture = export.svg(chart).decode("utf-8")
    assert all(html.escape(name) in picture for name in NAMES[:2])        # an emoji is a text of its own there


@pytest.mark.parametrize("maker", MAKERS)
def test_arrows_walk_the_marks_and_a_press_opens_what_is_behind_one(app: QApplication, qtbot: QtBot,
                                                                    maker: type) -> None:
    chart: MarkedChart = maker()
    qtbot.addWidget(chart)
    chart.resize(600, 340)
    chart.show()
    QTest.keyClick(chart, Qt.Key.Key_Right)              # from nowhere to the first mark
    first = chart.current()
    assert first is not None
    QTest.keyClick(chart, Qt.Key.Key_Down if maker is ladder else Qt.Key.Key_Right)
    second = chart.current()
    assert second is not None
    assert second.key != first.key
    assert second.words[1].split(",")[0] in chart.accessibleDescription()
    with qtbot.waitSignal(chart.picked) as signal:
        if maker is score_map:
            QTest.keyClick(chart, Qt.Key.Key_Left)
        else:
            QTest.keyClick(chart, Qt.Key.Key_Return)
    assert signal.args[0] == chart.current().key


def test_a_click_on_a_bar_opens_it_and_a_click_beside_it_does_not(app: QApplication, qtbot: QtBot) -> None:
    chart = bars()
    qtbot.addWidget(chart)
    chart.resize(600, 340)
    chart.show()
    mark = chart.marks(QRectF(chart.rect()))[4]
    with qtbot.waitSignal(chart.picked) as signal:
        QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=mark.rect.center().toPoint())
    assert signal.args == [(2, 1)]
    with qtbot.assertNotEmitted(chart.picked):
        QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))


def test_names_of_strangers_are_not_taken_for_markup_in_tooltips(app: QApplication) -> None:
    from workbench.gui.charts.chart import tip

    words = next(mark.words for mark in bars().marks(QRectF(0, 0, 600, 340)) if "bold" in mark.words[0])
    assert "<b>" not in tip(*words)


def test_an_axis_without_a_value_leaves_its_outline_open(app: QApplication) -> None:
    chart = RadarChart("By category")
    chart.show_outlines(CATEGORIES, [Outline("a", (interval(1), None, interval(2), interval(3)), 0)], [0, 5])
    assert len(chart.marks(QRectF(0, 0, 400, 400))) == 3
    assert chart.table().rows[1] == ("Maths", None, None, None)


def test_a_radar_shows_four_outlines_at_most(app: QApplication) -> None:
    chart = RadarChart("By category")
    chart.show_outlines(CATEGORIES, [Outline(str(n), (interval(1),) * 4, n) for n in range(6)], [0, 5])
    assert len(chart.marks(QRectF(0, 0, 400, 400))) == 16


def test_bars_below_zero_hang_from_it(app: QApplication, qtbot: QtBot) -> None:
    chart = BarChart("Log-likelihood", "Turn")
    qtbot.addWidget(chart)
    chart.show_groups([BarGroup("Turn 1", (Bar("a", interval(-30.0), 0), Bar("b", interval(-20.0), 1)))])
    plot = chart._plot(QRectF(0, 0, 400, 300))
    assert chart._y(plot, 0.0) < chart._y(plot, -20.0) < chart._y(plot, -30.0)
    assert chart._y(plot, 0.0) == pytest.approx(plot.top())


def test_too_many_questions_show_the_first_of_each_category(app: QApplication, qtbot: QtBot) -> None:
    chart = score_map(400)
    qtbot.addWidget(chart)
    places = {mark.key[0] for mark in chart.marks(QRectF(0, 0, 700, 120))}    # type: ignore[index]
    assert chart.shown == len(places) < 400
    assert places == set(range(chart.shown))             # categories alternate: the first of each come first
    assert len(chart.table().rows) == 400


def test_the_chosen_question_is_framed_and_picked_by_keyboard(app: QApplication, qtbot: QtBot) -> None:
    chart = score_map()
    qtbot.addWidget(chart)
    chart.resize(700, 140)
    chart.show()
    QTest.keyClick(chart, Qt.Key.Key_Right)
    with qtbot.waitSignal(chart.picked) as signal:
        QTest.keyClick(chart, Qt.Key.Key_Down)
    assert signal.args[0][1] == 1


def test_the_logarithmic_axis_has_a_place_for_zero(app: QApplication) -> None:
    chart = band()
    xs = [mark.rect.center().x() for mark in chart.marks(QRectF(0, 0, 600, 300))[:4]]
    assert xs == sorted(xs)
    assert xs[1] - xs[0] > xs[3] - xs[2] - 60            # 0 to 3 has about as much room as 10 to 50


def test_the_baseline_is_neutral_and_the_seventh_series_stands_back(app: QApplication) -> None:
    assert ink(BASELINE) == theme.color("idle")
    assert ink(0) == theme.series(0)
    assert ink(6) == theme.color("control")


def test_no_mark_in_a_direction_means_to_stay() -> None:
    here, right = Mark(QRectF(0, 0, 10, 10), ("a",), 1), Mark(QRectF(30, 0, 10, 10), ("b",), 2)
    assert neighbour([here, right], here, Qt.Key.Key_Right) is right
    assert neighbour([here, right], here, Qt.Key.Key_Left) is here
    assert neighbour([here, right], here, Qt.Key.Key_A) is None
    assert neighbour([here, right], None, Qt.Key.Key_Up) is here


def test_names_that_begin_alike_are_shown_by_what_tells_them_apart() -> None:
    def called(*names: str) -> list[str]:
        found = [Contestant(name, ModelRef("m", ""), id=id) for id, name in enumerate(names)]
        return list(short_names(found).values())

    assert called("base, no prompt", "base, URIAL, T 1", "base, URIAL") == ["no prompt", "URIAL, T 1", "URIAL"]
    assert called("base, URIAL", "base") == ["base, URIAL", "base"]
    assert called("a, x", "b, x") == ["a, x", "b, x"]
    assert called("a, x") == ["a, x"]
    assert called("a, x", "a, x") == ["x", "x"]
