"""What the Alignment page shows of its runs: curves, preferences, comparisons; and trained students."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import workbench_resources as resources
from tests.gui.alignment_project import EXAMPLE, SMALL, finished, points, write
from tests.gui.waiting import rest
from workbench.domain import JobState
from workbench.gui.alignment.curves import series_colours
from workbench.gui.alignment.dialogs import MethodsDialog, Student, StudentExportDialog
from workbench.gui.alignment.page import AlignmentPage
from workbench.gui.charts.curve import BACKGROUND, smoothed
from workbench.gui.charts.slope import direction, ranks
from workbench.jobs.events import Artifact, Metric
from workbench.services.student_exports import forms_of
from workbench.services.training_reading import examples


@pytest.fixture
def page(alignment_page: AlignmentPage) -> AlignmentPage:
    return alignment_page


def test_points_of_a_run_are_drawn_and_said(page: AlignmentPage, qtbot: QtBot) -> None:
    job = write(page, qtbot, *points(1.25, 0.5))
    rows = page.curves.kl.curve.widget.table().rows
    assert (f"Run {job}", 2, 0.5) in rows
    assert f"Run {job}: 0.500 at step 2" in page.curves.kl.curve.widget.accessibleDescription()
    assert page.curves.held_out._value.text() == "0.50"
    assert page.curves.held_out._was.text() == "was 1.25"


def test_several_chosen_runs_lie_over_one_another(page: AlignmentPage, qtbot: QtBot) -> None:
    first = write(page, qtbot, *points(1.0, 0.5), finished())
    second = write(page, qtbot, *points(2.0, 1.5), finished())
    assert {row[0] for row in page.curves.ranking.curve.widget.rows} == {f"Run {first}"}
    page.runs.table.selectAll()
    rest(page, qtbot)
    assert {row[0] for row in page.curves.ranking.curve.widget.rows} == {f"Run {first}", f"Run {second}"}
    assert "beside" in page.curves._rest.text()


def test_several_methods_and_seeds_are_queued_and_what_is_there_is_not_trained_again(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    form = page.form
    form._pool_chosen(form.pool.findText("Sample tasks"))
    rest(page, qtbot)
    form.fields.show_options(replace(SMALL, steps=20_000))         # none shall end by itself before it is stopped
    form.examples.setValue(2)
    request = form.request()
    dialog = MethodsDialog(request, form._estimator(), page)
    assert dialog._go.text() == "Queue 15 runs"
    for method in ("vanilla", "finetune", "pretrain"):
        dialog.methods[method].setChecked(False)
    dialog.seeds.setValue(2)
    wanted = dialog.requests()
    assert [(one.options.method, one.options.seed) for one in wanted] == [
        ("output", 0), ("bialign", 0), ("output", 1), ("bialign", 1)]
    assert "in all" in dialog._said.text()
    for one in wanted[1:]:
        write(page, qtbot, *points(1.0), finished(), options=one.options)
    page.queue_all(wanted)
    # no rest here: the page reads again as long as the run sends numbers
    qtbot.waitUntil(lambda: page.runs.model.rowCount() == 4
                    and page.runs.current_id() == page.runs.model.rows[0].run.job_id)
    assert page.runs.model.rows[0].run.spec.options == wanted[0].options
    page._act("stop")
    qtbot.waitUntil(lambda: page.runs.model.rows[0].run.state is JobState.STOPPED)


def test_a_trained_student_is_exported_in_the_chosen_form(page: AlignmentPage, qtbot: QtBot, tmp_path: Path) -> None:
    trained = shutil.copytree(resources.path("models", "tiny-student"), tmp_path / "run" / "student")
    write(page, qtbot, *points(1.0), Artifact(str(trained), "student", "0" * 64), finished())
    page.export.click()
    qtbot.waitUntil(lambda: page.findChild(StudentExportDialog) is not None)
    dialog = page.findChild(StudentExportDialog)
    adapter = dialog._group.button(1)
    assert (adapter.text(), adapter.isEnabled()) == ("Adapter only (peft)", False)
    dialog.write(tmp_path / "merged")
    rest(page, qtbot)
    assert (tmp_path / "merged" / "model.safetensors").is_file()
    assert not dialog.isVisible()
    again = StudentExportDialog(page.session, Student(trained, forms_of(trained)), "taught", page)
    again.show()
    again.choose_form("gguf")
    again.write(tmp_path / "merged")
    rest(page, qtbot)
    assert "is there already" in again._problem.accessibleName()
    assert again._problem.isVisible()
    again.write(tmp_path / "taught.gguf")
    rest(page, qtbot)
    assert (tmp_path / "taught.gguf").read_bytes()[:4] == b"GGUF"


def test_the_preferences_show_ranks_and_the_demonstrations_of_a_picked_subset(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    job = write(page, qtbot, *points(1.0, 0.5), finished())
    slope = page.preferences.slope
    table = slope.table()
    assert table.rows[0][:4] == ("1, 2", 1, 3, 1)
    slope.setFocus()
    QTest.keyClick(slope, Qt.Key.Key_Down)
    assert slope.selected == 0
    run = page.runs.model.rows[page.runs.model.row_of(job)].run
    said = page.preferences.text.view.toPlainText()
    assert run.spec.target[0].instruction in said
    assert run.spec.target[1].instruction in said
    assert run.spec.target[2].instruction not in said
    plot = slope._plot(slope.rect().toRectF())
    assert slope.line_at(slope._point(plot, 2, 1)) == 2
    assert slope.line_at(QPointF(-50, -50)) == -1


def compared(page: AlignmentPage) -> list[list[str]]:
    model = page.runs.comparison.table.model()
    return [[model.index(row, column).data() for column in range(3)] for row in range(model.rowCount())]


def test_finished_runs_are_compared_method_by_method(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0), finished(0.2, 0.8))
    write(page, qtbot, *points(1.0), finished(0.2, 0.4), options=replace(SMALL, method="output"))
    page.compare.click()
    assert compared(page) == [["Vanilla", "1", "20 %"], ["Output-Align", "1", "40 %"], ["BiAlign", "1", "80 %"]]


def test_methods_get_means_with_intervals_over_seeds_and_changes_in_the_chart(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    for seed, after in enumerate((0.4, 0.6, 0.8)):
        write(page, qtbot, *points(1.0), finished(0.2, after), options=replace(SMALL, seed=seed))
        write(page, qtbot, *points(1.0), finished(0.2, after - 0.1), options=replace(SMALL, seed=seed, method="output"))
    other = write(page, qtbot, *points(1.0), finished(0.2, 0.9), options=replace(SMALL, steps=3))
    page.runs.table.choose(1)
    page.compare.click()
    comparison = page.runs.comparison
    assert comparison.settings.count() == 2
    assert compared(page)[2] == ["BiAlign", "3", "60 % ± 50 %"]             # 4.303 · 0.2 / √3 = 0.497
    comparison.measure.setCurrentIndex(comparison.measure.findData("consistency_best"))
    rows = comparison.chart.table().rows
    assert [row[0] for row in rows] == ["Output-Align", "BiAlign", "Over Output-Align"]
    assert [row[1] for row in rows] == pytest.approx([0.3, 0.4, 0.1])
    assert rows[2][2:4] == pytest.approx((0.1, 0.1))
    page.shown(job=other, compare=True)
    rest(page, qtbot)
    assert compared(page)[1] == ["BiAlign", "1", "90 %"]


def test_a_cell_of_the_agreement_shows_its_example_and_the_demonstrations(page: AlignmentPage, qtbot: QtBot) -> None:
    other = replace(EXAMPLE, places=(9, 5, 6, 7, 8), before=(-1.0, -2.0, -3.0))
    job = write(page, qtbot, *points(1.0), finished(examples=(EXAMPLE, other)))
    pane = page.preferences
    pane.part.set_current(1)
    matrix = pane.matrix
    assert matrix.shares(0) == [0.5, 1.0, 0.5]
    assert matrix.shares(1) == [1.0, 0.0, 0.0]
    matrix.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(matrix, key)
    assert matrix.selected == (1, 1, 1)
    target = page.runs.model.rows[page.runs.model.row_of(job)].run.spec.target
    said = pane.text.view.toPlainText()
    assert target[6].instruction in said                    # the teacher's second subset is its second and third
    assert target[7].instruction in said
    assert target[5].instruction not in said
    assert (pane.example.currentIndex(), pane.slope.selected) == (1, 1)
    where = matrix._cell(matrix.rect().toRectF(), 0, 0, 2).center()
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=where.toPoint())
    assert matrix.selected == (0, 0, 2)
    assert pane.example.currentIndex() == 0


def test_of_many_runs_a_few_are_in_colour_and_the_others_behind_them(page: AlignmentPage, qtbot: QtBot) -> None:
    assert series_colours(6) == [0, 1, 2, 3, 4, 5]
    for seed in range(7):
        write(page, qtbot, *points(1.0, 0.5), options=replace(SMALL, seed=seed))
    page.runs.table.selectAll()
    rest(page, qtbot)
    assert list(page.runs.model.colours.values()) == [0, 1, 2, BACKGROUND, BACKGROUND, BACKGROUND, BACKGROUND]
    assert len({row[0] for row in page.curves.ranking.curve.widget.rows}) == 7


def test_a_zoom_and_the_mark_under_the_mouse_are_one_of_all_curves(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0, 0.5, 0.25))
    plots = [tile.curve.widget for tile in page.curves.tiles]
    plots[0].setXRange(1, 2, padding=0)
    assert all(plot.getPlotItem().getViewBox().viewRange()[0] == pytest.approx([1, 2], abs=0.2) for plot in plots)
    page.curves.total.curve.hovered.emit(1.5)
    assert all(tile.curve._mark.isVisible() and tile.curve._mark.value() == 1.5 for tile in page.curves.tiles)
    page.curves.total.curve.hovered.emit(None)
    assert not any(tile.curve._mark.isVisible() for tile in page.curves.tiles)
    page.curves.kl.curve.show_all()
    assert plots[3].getPlotItem().getViewBox().viewRange()[0][0] < 0.1


def test_the_held_out_measure_that_is_drawn_can_be_chosen(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(1.0), Metric("exact_match_4", 0, 0.25), Metric("exact_match_4", 1, 0.5))
    page.curves.show_held_out("exact_match_4")
    assert [row[1:] for row in page.curves.held_out.curve.widget.rows] == [(0, 0.25), (1, 0.5)]
    assert page.curves.held_out._value.text() == "50 %"


def test_the_losses_can_be_drawn_on_a_logarithmic_scale(page: AlignmentPage, qtbot: QtBot) -> None:
    write(page, qtbot, *points(100.0, 1.0, 0.0))
    curve = page.curves.kl.curve
    next(action for action in page.curves.look.menu().actions() if "logarithmic" in action.text()).toggle()
    low, high = curve.widget.getPlotItem().getViewBox().viewRange()[1]
    assert -0.5 < low < 0 < 2 < high < 2.5
    longest = max(len(item.xData) for item in curve.widget.getPlotItem().listDataItems())
    assert longest == 2                                     # zero has no logarithm


def test_a_trained_student_becomes_a_model_of_the_project(page: AlignmentPage, qtbot: QtBot, tmp_path: Path) -> None:
    student = resources.path("models", "tiny-student")
    job = write(page, qtbot, *points(1.0), Artifact(str(student), "student", "0" * 64))
    assert not page.register.isEnabled()                    # it has not finished
    job = write(page, qtbot, *points(1.0), Artifact(str(student), "student", "0" * 64), finished())
    page.shown(job=job)
    rest(page, qtbot)
    assert page.register.isEnabled()
    names: list[str] = []
    page.register_as(job, "taught")
    page.session.ask(lambda p: [model.ref.name for model in p.models.all()], names.extend)
    rest(page, qtbot)
    assert "taught" in names


def test_ranks_and_directions() -> None:
    assert ranks([-1.0, -3.0, -2.0]) == [1, 3, 2]
    assert ranks([0.0, 0.0]) == [1, 2]
    assert [direction(places) for places in ((1, 3, 1), (1, 1, 2), (2, 3, 1))] == ["closer", "farther", "same"]


def test_the_smoothed_line_begins_at_its_first_value_and_follows() -> None:
    assert smoothed([2.0, 2.0, 2.0]) == pytest.approx([2.0, 2.0, 2.0])
    assert smoothed([0.0, 1.0], kept=0.5) == pytest.approx([0.0, 2 / 3])


def test_an_example_of_a_run_from_before_texts_were_kept_still_shows_its_ranks(
    page: AlignmentPage, qtbot: QtBot
) -> None:
    write(page, qtbot, *points(1.0), finished(examples=(replace(EXAMPLE, places=()),)))
    example = examples(page.runs.model.rows[0].run)[0]
    assert example.test is None
    assert [subset.label for subset in example.compared] == ["1, 2", "2, 3", "3, 4"]
