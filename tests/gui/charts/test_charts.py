"""The charts: their geometry, numbers and exports, on real values."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from workbench.domain import Interval, Question, RankedCandidate, SearchRound, TokenScore
from workbench.errors import FormatError
from workbench.gui.charts import export
from workbench.gui.charts.bump import BumpChart
from workbench.gui.charts.chart import Exportable, Table, one_line, tip
from workbench.gui.charts.chart_view import ChartView
from workbench.gui.charts.cost_plot import CostPlot
from workbench.gui.charts.dot_plot import DotPlot, DotRow
from workbench.gui.charts.heat_grid import GROUP_GAP, layout
from workbench.gui.charts.heat_header import header_height, row_height
from workbench.gui.charts.heat_map import HeatMap
from workbench.gui.charts.heat_scale import cell_image, clip_at, colour_steps, step_of
from workbench.gui.charts.numbers import near_values, nice_ticks, tick_digits
from workbench.gui.charts.token_strip import TokenStrip, visible
from workbench.gui.rankings.model import Column, RankingModel
from workbench.gui.widgets import theme
from workbench.search.rank_lines import rank_lines
from workbench.services.ranked_candidates import Candidates, Measure
from workbench.services.results import GainTable
from workbench.wording import plain

QUESTIONS = tuple(Question((f"Question {n}?",), ("Yes.",), category, key=str(n), id=n)
                  for n, category in enumerate(("writing", "maths", "writing", "coding", "maths"), start=1))
GAIN = np.array([[0.5, 1.0, -0.25, 0.0, 2.0], [0.1, -0.2, 0.3, np.nan, -0.5], [-1.0, -1.5, -0.5, -2.0, -1.0]])
TITLES = ("Sky at sunset", "<img src='file:///etc/passwd'>", "مرحبا\nsecond line 🙂")


def heat_map(qtbot: QtBot, gain: np.ndarray = GAIN, width: int = 500) -> HeatMap:
    made = HeatMap()
    qtbot.addWidget(made)
    made.resize(width, 300)
    questions = QUESTIONS if gain.shape[1] == 5 else tuple(
        Question((f"{n}?",), ("Yes.",), f"group {n * 4 // gain.shape[1]}", id=n) for n in range(gain.shape[1]))
    made.set_data([TITLES[row % 3] for row in range(gain.shape[0])], questions, gain)
    made.show()
    return made


def ranking_round(number: int, *ids: int, chosen: int) -> SearchRound:
    ranking = tuple(RankedCandidate(id, -place, Interval(-place, -place - 1, -place + 1))
                    for place, id in enumerate(ids))
    return SearchRound(number, ranking, chosen, 0.0, 100, 10)


ROUNDS = (ranking_round(1, 7, 3, 5, 9, chosen=7), ranking_round(2, 5, 3, 9, chosen=5), ranking_round(3, 9, 3, chosen=9))


def table(*, previous: tuple[int | None, ...] = (None, None, None)) -> GainTable:
    return GainTable(2, (11, 12, 13), TITLES, (Interval(0.65, 0.1, 1.2), Interval(-0.08, -0.3, 0.2),
                                                Interval(-1.2, -1.6, -0.8)), (0.6, 0.75, 0.0), previous, QUESTIONS,
                     GAIN, (30, 1284, 20), (0.9, None, 0.5))


# numbers

@pytest.mark.parametrize(("low", "high", "about"), [(0.0, 1.0, 4), (-3.2, 11.0, 3), (-0.004, 0.001, 5), (5.0, 5.1, 4)])
def test_ticks_are_round_numbers_inside_the_range(low: float, high: float, about: int) -> None:
    ticks = nice_ticks(low, high, about)
    assert 1 <= len(ticks) <= about + 3
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    assert len({plain(tick, tick_digits(ticks)) for tick in ticks}) == len(ticks)


def test_there_are_no_ticks_where_there_is_no_range() -> None:
    assert nice_ticks(1.0, 1.0) == []
    assert nice_ticks(float("nan"), 1.0) == []


def test_tooltips_show_what_looks_like_html_as_text() -> None:
    assert tip("<img src=x>", "", "a & b") == "<qt>&lt;img src=x&gt;<br>a &amp; b</qt>"
    assert one_line("one\n\ttwo\x00three") == "one two three"


# heat map

def test_the_scale_is_clipped_at_the_98th_percentile_and_symmetric() -> None:
    values = np.concatenate([np.linspace(-1, 1, 199), [50.0]])
    assert clip_at(values) < 2
    steps = step_of(np.array([[-50.0, 0.0, 50.0, np.nan]]), 1.0)
    last = len(colour_steps()) - 1
    assert steps.tolist() == [[0, last // 2, last, -1]]


def test_a_map_without_any_number_still_has_a_scale() -> None:
    assert clip_at(np.full((2, 2), np.nan)) == 1.0
    assert clip_at(np.zeros((2, 2))) == 1.0


def test_questions_stand_by_category_and_every_column_is_found_again() -> None:
    columns = layout(QUESTIONS, 400)
    assert columns.order == (0, 2, 1, 4, 3)
    assert [group.category for group in columns.groups] == ["writing", "maths", "coding"]
    assert columns.width == pytest.approx(400)
    for place in range(5):
        assert columns.place_at(columns.left(place) + columns.cell / 2) == place
    assert columns.place_at(columns.left(2) - GROUP_GAP / 2) is None
    assert columns.place_at(-1) is None
    assert columns.place_at(401) is None


def test_the_colours_on_the_screen_are_the_values(app: QApplication, qtbot: QtBot) -> None:
    made = heat_map(qtbot)
    picture = made.viewport().grab().toImage()
    for row, question in ((0, 4), (0, 2), (2, 3)):
        middle = made.cell_rect(row, question).center().toPoint()
        expected = theme.diverging(GAIN[row, question] / made.clip)
        got = picture.pixelColor(middle)
        assert all(abs(a - b) <= 3 for a, b in zip(got.getRgb(), expected.getRgb(), strict=True))


def test_one_image_stands_for_many_cells_with_the_same_colours(app: QApplication, qtbot: QtBot) -> None:
    gain = np.random.default_rng(0).normal(0, 1, (200, 160))
    made = heat_map(qtbot, gain, 900)
    assert made.dense
    picture = made.viewport().grab().toImage()
    for row, question in ((0, 0), (3, 41), (7, 159)):
        expected = theme.diverging(gain[row, question] / made.clip)
        got = picture.pixelColor(made.cell_rect(row, question).center().toPoint())
        assert all(abs(a - b) <= 3 for a, b in zip(got.getRgb(), expected.getRgb(), strict=True))


def test_a_drawing_of_many_cells_has_each_category_once_and_the_candidates_names(
    app: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    made = HeatMap()
    qtbot.addWidget(made)
    questions = [Question(("?",), category="one" if n < 60 else "two", id=n) for n in range(120)]
    made.set_data([f"Candidate {n}" for n in range(100)], questions,
                  np.repeat([[1.0] * 60 + [-1.0] * 60], 100, axis=0))
    export.save(made, tmp_path / "heat.svg")
    drawing = ElementTree.fromstring((tmp_path / "heat.svg").read_text("utf-8"))
    images = [one.get("{http://www.w3.org/1999/xlink}href") for one in drawing.iter("{http://www.w3.org/2000/svg}image")]
    assert len(images) == len(set(images)) == 2          # one of gains, one of losses
    texts = [one.text or "" for one in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert any("Candidate 99" in text for text in texts)


def test_cells_that_are_not_scored_are_transparent_in_the_image(app: QApplication) -> None:
    image = cell_image(step_of(GAIN, 1.0), (0, 1, 2, 3, 4))
    assert image.pixelColor(3, 1).alpha() == 0
    assert image.pixelColor(2, 1).alpha() == 255


def test_arrows_walk_over_the_columns_as_they_are_shown(app: QApplication, qtbot: QtBot) -> None:
    made = heat_map(qtbot)
    seen: list[tuple[int, int]] = []
    made.cell_changed.connect(lambda row, question: seen.append((row, question)))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Up,
                Qt.Key.Key_Up):
        QTest.keyClick(made, key)
    assert seen == [(0, 0), (0, 2), (1, 2), (1, 3), (0, 3)]
    assert made.accessibleDescription() == "Sky at sunset, question 4, coding gain 0.00 nats"


def test_clicking_a_cell_opens_it_and_a_gap_opens_nothing(app: QApplication, qtbot: QtBot) -> None:
    made = heat_map(qtbot)
    opened: list[tuple[int, int]] = []
    made.cell_opened.connect(lambda row, question: opened.append((row, question)))
    cell = made.cell_rect(1, 4)
    QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=cell.center().toPoint())
    gap = QPoint(round(made.cell_rect(1, 1).left() - GROUP_GAP / 2), round(cell.center().y()))
    QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=gap)
    QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 3 * row_height() + 5))
    assert opened == [(1, 4)]


def test_a_column_out_of_sight_is_scrolled_into_view(app: QApplication, qtbot: QtBot) -> None:
    made = heat_map(qtbot, np.zeros((60, 300)), 400)
    made.set_cell(0, 299)
    assert QRectF(made.viewport().rect()).contains(made.cell_rect(0, 299))
    made.set_cell(0, 0)
    assert QRectF(made.viewport().rect()).contains(made.cell_rect(0, 0))


def test_the_map_and_the_table_agree_on_the_height_of_rows_and_header(app: QApplication, qtbot: QtBot) -> None:
    made = heat_map(qtbot)
    assert made.viewport().y() == header_height()
    assert made.cell_rect(2, 0).top() == 2 * row_height()


def test_smaller_data_lets_go_of_a_cell_that_is_no_longer_there(app: QApplication, qtbot: QtBot) -> None:
    made = heat_map(qtbot)
    made.set_cell(2, 4)
    made.set_data(TITLES[:1], QUESTIONS[:2], GAIN[:1, :2])
    assert made.cell == (-1, -1)
    made.grab()


# rank chart

def test_what_is_chosen_keeps_its_place_at_the_top() -> None:
    lines = {line.demonstration_id: line for line in rank_lines(ROUNDS)}
    assert lines[7].places == (1, 1, 1)
    assert lines[5].places == (3, 2, 2)
    assert lines[9].places == (4, 4, 3)
    assert lines[3].places == (2, 3, 4)
    assert [lines[id].chosen_in for id in (7, 5, 9, 3)] == [1, 2, 3, None]


def test_only_the_best_after_the_last_round_are_shown() -> None:
    assert [line.demonstration_id for line in rank_lines(ROUNDS, shown=2)] == [7, 5]
    assert rank_lines(()) == []


def test_a_choice_that_did_not_rank_first_still_stands_where_it_was_taken() -> None:
    rounds = (ranking_round(1, 7, 3, 5, chosen=3),)
    assert [(line.demonstration_id, line.places) for line in rank_lines(rounds)] == [(3, (1,)), (7, (2,)), (5, (3,))]


def test_keys_pick_candidates_in_the_rank_chart(app: QApplication, qtbot: QtBot) -> None:
    made = BumpChart()
    qtbot.addWidget(made)
    made.picked.connect(made.select)
    made.set_rounds(ROUNDS, dict(zip((7, 5, 9, 3), "abcd", strict=True)), planned=5)
    picked: list[int] = []
    made.picked.connect(picked.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        QTest.keyClick(made, key)
    assert picked == [7, 5, 9, 5]
    assert "1: a, 2: b, 3: c" in made.accessibleDescription()


# dot plot

def test_the_dot_plots_scale_holds_all_values_and_zero(app: QApplication, qtbot: QtBot) -> None:
    made = DotPlot("Held-out", "nats")
    qtbot.addWidget(made)
    nan = float("nan")
    made.set_rows([DotRow("a", Interval(2.0, 1.5, 2.5), points=(3.0,)), DotRow("b", Interval(nan, nan, nan))])
    low, high = made.scale_range()
    assert low == 0.0
    assert high > 3.0
    assert made.table().rows[0][:4] == ("a", 2.0, 1.5, 2.5)
    assert "a +2.00 nats, 95 % interval 1.50 to 2.50" in made.accessibleDescription()
    made.grab()


# tokens

def tokens() -> tuple[tuple[TokenScore, ...], tuple[TokenScore, ...]]:
    before = tuple(TokenScore(text, -value, 3, ((" x", -0.1),)) for text, value in
                   ((" The", 0.5), ("\n", 1.0), (" ", 2.0), (" answer", 3.0)))
    after = tuple(TokenScore(token.text, token.logprob + 0.5, 0) for token in before[:3])
    return before, (*after, TokenScore(" reply", -1.0, 0))


def test_white_space_tokens_are_visible() -> None:
    assert [visible(text) for text in (" The", "\n", "  ", "a\tb", "")] == ["The", "↵", "␣", "a␣b", "␣"]


def test_the_change_is_left_out_where_the_answer_is_cut_into_other_tokens(app: QApplication, qtbot: QtBot) -> None:
    made = TokenStrip()
    qtbot.addWidget(made)
    made.set_tokens(*tokens())
    changes = made.changes()
    assert changes[:3] == pytest.approx([0.5, 0.5, 0.5])
    assert math.isnan(changes[3])
    assert made.table().rows[0] == (" The", -0.5, 0.0, 0.5, 3, 0)
    made.grab()


def test_long_answers_wrap_and_the_keys_walk_through_them(app: QApplication, qtbot: QtBot) -> None:
    made = TokenStrip()
    qtbot.addWidget(made)
    made.resize(300, 200)
    many = tuple(TokenScore(f" token{n}", -1.0, n) for n in range(60))
    made.set_tokens(many, many)
    assert max(box.x + box.width for box in made._boxes) <= 300
    assert made.minimumHeight() > 500
    for _ in range(3):
        QTest.keyClick(made, Qt.Key.Key_Right)
    assert "token2" in made.accessibleDescription()
    assert "Rank 3 → 3" in made.accessibleDescription()


# ranking model

def test_ranks_follow_the_measure_and_sorting_does_not_change_them() -> None:
    model = RankingModel()
    model.show(Candidates.of(table()))
    assert [model.id_at(row) for row in range(3)] == [11, 12, 13]
    model.set_measure(Measure.WIN_RATE)
    assert [model.id_at(row) for row in range(3)] == [12, 11, 13]
    assert model.index(0, Column.GAIN).data() == "75 %"
    model.sort(Column.TITLE, Qt.SortOrder.DescendingOrder)
    ranks = {model.id_at(row): model.index(row, Column.RANK).data() for row in range(3)}
    assert ranks == {12: "1", 11: "2", 13: "3"}
    assert model.top(2) == [12, 11]


def test_places_won_do_not_count_what_was_chosen_and_left() -> None:
    model = RankingModel()
    model.show(Candidates.of(table(previous=(4, 2, 3))))
    assert [model.index(row, Column.CHANGE).data() for row in range(3)] == ["▲ 2", "▼ 1", "▼ 1"]
    assert model.index(0, Column.CHANGE).data(Qt.ItemDataRole.AccessibleTextRole) == "up 2"


def test_painted_cells_say_their_numbers() -> None:
    model = RankingModel()
    model.show(Candidates.of(table()), frozenset({11}))
    spoken = model.index(0, Column.GAIN).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "gain +0.65 nats per answer, 95 % interval 0.10 to 1.20"
    assert model.index(0, Column.TITLE).data(Qt.ItemDataRole.AccessibleTextRole) == "Sky at sunset, chosen"
    assert "&lt;img" in model.index(1, Column.TITLE).data(Qt.ItemDataRole.ToolTipRole)


def test_an_empty_run_is_an_empty_table() -> None:
    model = RankingModel()
    model.show(Candidates.of(GainTable(0, (), (), (), (), (), (), np.zeros((0, 0)), (), ())))
    assert model.rowCount() == 0
    assert model.scale() == (-1.0, 0.0, 1.0)
    model.show(None)
    assert model.top(3) == []


def test_a_dot_of_either_colour_picks_its_candidate(app: QApplication, qtbot: QtBot) -> None:
    cost, picked = CostPlot(), list[int]()
    qtbot.addWidget(cost.widget)
    cost.picked.connect(picked.append)
    cost.set_points(TITLES, (30, 40, 50), (0.5, -0.1, 1.0))
    for token, dot in (("loss", 0), ("gain", 1)):
        dots = cost._dots[token]
        dots.sigClicked.emit(dots, [dots.points()[dot]], None)
    assert picked == [1, 2]


def test_of_very_many_candidates_those_are_drawn_that_can_be_told_apart(app: QApplication, qtbot: QtBot) -> None:
    cost, picked = CostPlot(), list[int]()
    qtbot.addWidget(cost.widget)
    cost.picked.connect(picked.append)
    rng = np.random.default_rng(0)
    tokens, gain = rng.integers(10, 500, 40_000), np.abs(rng.normal(1.0, 0.5, 40_000))
    cost.set_points([f"c{n}" for n in range(40_000)], tokens.tolist(), gain.tolist())

    def drawn() -> np.ndarray:
        return np.concatenate(list(cost._places.values()))         # of either colour

    whole = drawn()
    assert 2_000 < len(whole) < 20_000
    assert len(cost.widget.rows) == 40_000                     # the table has them all
    near = np.hypot((tokens[whole] - 250) / 490 * 300, (gain[whole] - 1.0) / np.ptp(gain) * 120)
    assert near.min() < 2                                      # no hole where many are
    cost.widget.setXRange(100, 110, padding=0)
    inside = np.flatnonzero((tokens >= 100) & (tokens <= 110))
    assert len(drawn()) > 0.5 * len(inside)
    assert set(drawn()) <= set(inside)
    dots = cost._dots["gain"]
    dots.sigClicked.emit(dots, [dots.points()[0]], None)
    assert picked == [cost._places["gain"][0]]
    cost.widget.show_all()
    cost.set_points(TITLES, (30, 40, 50), (0.5, -0.1, 1.0))
    assert sorted(drawn()) == [0, 1, 2]


# export

@pytest.fixture
def charts(app: QApplication, qtbot: QtBot) -> dict[str, tuple[Exportable, QWidget]]:
    bump = BumpChart()
    bump.set_rounds(ROUNDS, {7: "Sky at sunset", 5: "<b>x</b>"})
    dots = DotPlot("Held-out questions", "nats")
    dots.set_rows([DotRow("Greedy", Interval(1.0, 0.5, 1.5), strong=True)])
    strip, cost = TokenStrip(), CostPlot()
    strip.set_tokens(*tokens())
    cost.set_points(TITLES, (30, 40, 50), (0.5, -0.1, 1.0))
    cost.widget.setProperty("holder", cost)
    for widget in (bump, dots, strip, cost.widget):
        qtbot.addWidget(widget)
        widget.resize(480, 260)
    heat = heat_map(qtbot)
    return {name: (chart, chart) for name, chart in
            (("heat", heat), ("bump", bump), ("dots", dots), ("tokens", strip), ("cost", cost.widget))}


@pytest.mark.parametrize("name", ["heat", "bump", "dots", "tokens", "cost"])
def test_every_chart_is_written_as_png_svg_and_csv(
    charts: dict[str, tuple[Exportable, QWidget]], name: str, tmp_path: Path
) -> None:
    chart = charts[name][0]
    for ending in ("png", "svg", "csv"):
        export.save(chart, tmp_path / f"chart.{ending}")
    size = chart.export_size()
    image = QImage(str(tmp_path / "chart.png"))
    assert image.width() >= 2 * size.width()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(colours) > 4                                              # something is drawn on the surface
    root = ElementTree.parse(tmp_path / "chart.svg").getroot()
    assert root.tag.endswith("svg")
    assert len(list(root.iter())) > 10
    with (tmp_path / "chart.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 1 + len(chart.table().rows)


def test_formulas_in_a_title_are_no_formulas_in_the_csv_nor_on_the_clipboard() -> None:
    table = Table(("Candidate", "Gain"), (("=1+1", -0.5), ("-x", float("nan")), ("\t@x", 1)))
    assert export.csv_text(table) == "Candidate,Gain\n'=1+1,-0.5\n'-x,\n'\t@x,1\n"
    assert export.tsv_text(table) == "Candidate\tGain\n'=1+1\t-0.5\n'-x\t\n'@x\t1\n"


def test_the_clipboard_gets_one_line_a_row(app: QApplication, qtbot: QtBot) -> None:
    heat = heat_map(qtbot)
    view = ChartView(heat, heat)
    qtbot.addWidget(view)
    view.show_table(True)
    assert view._table.model().index(1, 4).data() == "–"
    QGuiApplication.clipboard().clear()
    copy = QKeySequence(QKeySequence.StandardKey.Copy)[0]
    QTest.keyClick(view._table, copy.key(), copy.keyboardModifiers())
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 4
    assert lines[3].startswith("مرحبا second line 🙂\t-1.0\t")


def test_a_file_that_cannot_be_written_says_so(charts: dict[str, tuple[Exportable, QWidget]], tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"chart\.png could not be written"):
        export.save(charts["dots"][0], tmp_path / "missing" / "chart.png")
    with pytest.raises(FormatError, match=r"cannot be written as “\.xlsx”"):
        export.save(charts["dots"][0], tmp_path / "chart.xlsx")


def test_charts_follow_the_theme_while_they_are_shown(
    charts: dict[str, tuple[Exportable, QWidget]], app: QApplication
) -> None:
    pictures: Callable[[], list[QImage]] = lambda: [  # noqa: E731
        widget.grab(QRectF(0, 0, 200, 120).toRect()).toImage() for _, widget in charts.values()]
    light = pictures()
    theme.set_mode("dark")
    assert all(one != other for one, other in zip(light, pictures(), strict=True))
    theme.set_mode("light")
    assert [one.size() for one in light] == [QSize(200, 120)] * len(light)


def test_what_is_far_from_all_others_is_told_by_median_deviations() -> None:
    low, high = near_values([-2.0, -2.1, -2.2, -2.4, -2.6, -96.0])
    assert -96 < low < -2.6 < -2.0 < high
    assert near_values([1.0, 2.0, 90.0]) == (-math.inf, math.inf)         # too few to tell
    assert near_values([1.0] * 6 + [5.0]) == (-math.inf, math.inf)
