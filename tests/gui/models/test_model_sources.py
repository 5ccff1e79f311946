"""The Models page's other sources: the Hub and its cache, and servers."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot
from transformers import AutoModelForCausalLM

from tests.models.faulty import Faulty, faulty
from tests.models.hub_stand_in import Hub, running
from workbench import gguf_build
from workbench.domain import Server
from workbench.gui.models.page import ModelsPage
from workbench.gui.models.server_dialog import ServerDialog
from workbench.gui.shell.main_window import MainWindow
from workbench.gui.shell.session import Session

Settle = Callable[[], None]


@pytest.fixture
def page(window: MainWindow, opened: Session, settle: Settle) -> ModelsPage:
    window.show_page("models")
    settle()
    made = window.page("models")
    assert isinstance(made, ModelsPage)
    return made


@pytest.fixture
def hub(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    files = {file.name: file.read_bytes() for file in tiny_model.iterdir()}
    with running(Hub({**files, "tiny.gguf": b"GGUF not really"})) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub-cache"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield found


@pytest.fixture
def server() -> Iterator[Faulty]:
    """A server with two models, chat and text completions, and no log-probabilities of prompts."""
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if path.endswith("/models"):
            return {"data": [{"id": "org/base-7b", "max_model_len": 8192}, {"id": "org/chat-7b"}]}
        return {"choices": [{"text": "Hi", "message": {"content": "Hi"}}]}

    with faulty(answer) as found:
        yield found


def shown(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_a_model_of_the_hub_is_shown_downloaded_and_listed(
    page: ModelsPage, hub: Hub, settle: Settle, qtbot: QtBot
) -> None:
    dialog = page.open_hub()
    settle()
    assert not dialog.act.isEnabled()
    QTest.keyClicks(dialog.repo, "org/tiny")
    QTest.keyClick(dialog.repo, Qt.Key.Key_Return)
    settle()
    assert [path for path, _, _ in hub.asked] == ["/api/models/org/tiny/revision/main"]      # once
    assert dialog.files.count() == 2
    assert "Safetensors" in dialog.files.itemText(0)
    assert "config.json" in dialog.says.text()
    with qtbot.waitSignal(page.download.finished):
        dialog.act.click()
    settle()
    assert [model.ref.name for model in page.model.rows] == ["tiny"]
    assert page.model.rows[0].state == "ready"
    assert not page.download.isVisible()
    again = page.open_hub()
    settle()
    again.cached.setCurrentRow(0)
    assert (again.cached.item(0).text().split(",")[0], again.act.text()) == ("org/tiny", "Add")
    again.reject()


def test_what_the_hub_refuses_is_said_in_the_dialog(page: ModelsPage, hub: Hub, settle: Settle) -> None:
    hub.error = (403, "GatedRepo")
    dialog = page.open_hub()
    dialog.repo.setText("org/tiny")
    dialog.look.click()
    settle()
    assert "is gated" in dialog.says.text()
    assert dialog.look.isEnabled()
    assert not dialog.act.isEnabled()
    dialog.reject()


def test_a_download_can_be_stopped_and_says_nothing_wrong(
    page: ModelsPage, hub: Hub, opened: Session, settle: Settle, qtbot: QtBot
) -> None:
    problems: list[object] = []
    opened.error.connect(problems.append)
    hub.cut = [0] * 1000                                     # nothing ever comes
    dialog = page.open_hub()
    dialog.repo.setText("org/tiny")
    dialog.look_up()
    settle()
    dialog.act.click()
    assert page.download.isVisible()
    with qtbot.waitSignal(page.download.failed) as ended:
        page.download.stop_button.click()
    assert ended.args == [None]
    settle()
    assert problems == []
    assert page.model.rowCount() == 0
    assert not page.download.isVisible()


def test_a_server_is_asked_for_its_models_and_added_with_what_it_can_do(
    page: ModelsPage, server: Faulty, settle: Settle
) -> None:
    dialog = page.open_server()
    assert not dialog.add.isEnabled()
    QTest.keyClicks(dialog.url, server.url.removeprefix("http://").removesuffix("/v1"))
    QTest.keyClick(dialog.url, Qt.Key.Key_Return)
    settle()
    assert dialog.url.text() == server.url
    assert [dialog.model.itemText(row) for row in range(dialog.model.count())] == ["org/base-7b", "org/chat-7b"]
    dialog.per_minute.setValue(6000)
    QTest.keyClick(dialog.model.lineEdit(), Qt.Key.Key_Return)
    settle()
    (model,) = page.model.rows
    assert (model.ref.name, model.ref.server.model, model.ref.server.context) == ("base-7b", "org/base-7b", 8192)
    assert [page.model.index(0, column).data() for column in (2, 3, 5, 6)] == ["Server", "–", "–", "8\u00a0192"]
    assert page.details._parts.text() == "Server"
    words = shown(page.details)
    assert "not score" in words
    assert server.url in words
    page.details.acted.emit("settings")
    again = next(child for child in page.window().findChildren(ServerDialog) if child.isVisible())
    assert (again.url.text(), again.model.currentText(), again.add.text()) == (server.url, "org/base-7b", "Save")
    assert again.per_minute.value() == 6000
    again.reject()


def test_a_server_that_is_not_there_is_said_and_nothing_is_added(page: ModelsPage, settle: Settle) -> None:
    with faulty(lambda path, body, headers: 500) as gone:
        url = gone.url
    dialog = page.open_server()
    dialog.show_server(url, Server("m"))
    dialog.add.click()
    settle()
    assert "nothing answers there" in dialog.says.text()
    assert dialog.add.isEnabled()
    assert page.model.rowCount() == 0
    dialog.reject()


def test_what_is_no_address_is_said_at_once(page: ModelsPage, settle: Settle) -> None:
    dialog = page.open_server()
    dialog.url.setText("ftp://example.org")
    dialog.look()
    assert "not a server's address" in dialog.says.text()
    assert dialog.key.echoMode() == dialog.key.EchoMode.Password
    dialog.reject()


def test_a_question_is_answered_by_a_served_chat_model(
    page: ModelsPage, settle: Settle, qtbot: QtBot
) -> None:
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if path.endswith("/models"):
            return {"data": [{"id": "m"}]}
        if "messages" not in body:
            return 404
        if not body.get("stream"):
            return {"choices": [{"message": {"content": "x"}}]}
        said = f"You said {body['messages'][-1]['content']}"
        return [{"choices": [{"delta": {"content": said}, "finish_reason": "stop"}]}]

    with faulty(answer) as found:
        dialog = page.open_server()
        dialog.show_server(found.url, Server("m"))
        dialog.add.click()
        settle()
        trial = page.details.trial
        page.details.show_part(2)
        trial.prompts.setCurrentIndex(0)
        trial.question.setPlainText("hello")
        trial.ask()
        qtbot.waitUntil(lambda: not trial.running and not trial._stop.isVisible())
        settle()
    assert trial.answer.toPlainText() == "You said hello"
    assert json.loads(json.dumps(found.seen[-1][1]))["messages"] == [{"role": "user", "content": "hello"}]


def test_gguf_is_greyed_out_with_the_line_that_installs_it(
    page: ModelsPage, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page._add_file[".gguf"].isEnabled()
    reason = "GGUF models need llama-cpp-python. Install it with: make gguf"
    monkeypatch.setattr(gguf_build, "support", lambda: (False, reason))
    page._read()
    settle()
    assert not page._add_file[".gguf"].isEnabled()
    assert page._add_file[".gguf"].toolTip() == reason
    assert page._notices.isVisible()
    assert page._gguf.accessibleName() == reason


def test_8_and_4_bit_are_greyed_out_with_the_line_that_installs_them(
    page: ModelsPage, tiny_model: Path, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.gui.models import model_details

    monkeypatch.setattr(model_details, "missing_for", lambda method: "They need a. Install with: pip install a")
    page.add_model(tiny_model)
    settle()
    combo = page.details.dtype
    states = {combo.itemData(row): combo.model().item(row).isEnabled() for row in range(combo.count())}
    assert (states["int8"], states["nf4"], states["float16"]) == (False, False, True)
    assert "pip install a" in shown(page.details)


def test_an_adapter_whose_base_is_not_known_asks_for_it(
    page: ModelsPage, tiny_model: Path, tmp_path: Path, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = tmp_path / "run 7"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)           # peft asks transformers for a name that it renamed
        get_peft_model(AutoModelForCausalLM.from_pretrained(tiny_model), LoraConfig(r=2)).save_pretrained(adapter)
    settings = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**settings, "base_model_name_or_path": "org/elsewhere"}))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no cache"))
    asked: list[str] = []
    answers = ["", str(tiny_model)]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: (asked.append(a[1]), answers.pop(0))[1])
    problems: list[object] = []
    page.session.error.connect(problems.append)
    page.add_model(adapter)
    settle()
    assert "org/elsewhere" in str(problems[0])
    assert page.model.rowCount() == 0
    page.add_model(adapter)
    settle()
    assert [(model.ref.name, model.ref.base) for model in page.model.rows] == [("run 7", str(tiny_model))]
    assert asked == ["Choose the model that “run 7” was trained on"] * 2
    page.details.show_part(1)
    assert "Base model" in shown(page.details)
