"""`workbench models …`: servers, keys, the Hub and its cache."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests.models import tiny_models
from tests.models.faulty import faulty
from tests.models.hub_stand_in import Hub, running
from workbench.models import keys


def test_a_served_model_is_added_with_what_it_can_do(run: Any, project: Path) -> None:
    def answer(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        if path.endswith("/models"):
            return {"data": [{"id": "base-7b"}]}
        return {"choices": [{"text": "Hi", "message": {"content": "Hi"}}]}

    with faulty(answer) as server:
        code, found, _ = run("models", "serve", project, server.url, "--per-minute", 60, "--json")
        assert code == 0
        _, text, _ = run("models", "serve", project, server.url)
        code, _, err = run("models", "serve", project, server.url, "--model", "other")
    assert (found["server"]["model"], found["server"]["requests_per_minute"]) == ("base-7b", 60)
    assert "cannot score" in text
    assert code == 1
    assert "has no model “other”" in err
    _, models, _ = run("models", "list", project, "--json")
    assert [model["ref"]["path"] for model in models] == [f"{server.url}#base-7b"]


def test_a_server_that_is_not_there_is_one_line_on_standard_error(run: Any, project: Path) -> None:
    with faulty(lambda path, body, headers: 500) as server:
        url = server.url
    code, _, err = run("models", "serve", project, url, "--model", "m")
    assert code == 1
    assert "nothing answers there" in err
    assert len(err.strip().splitlines()) == 1


def test_a_key_is_read_from_a_pipe_and_never_said(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[tuple[str, str]] = []
    monkeypatch.setattr(keys, "save", lambda url, key: kept.append((url, key.strip())))
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-secret\n"))
    code, out, err = run("models", "key", "api.example.org")
    assert (code, kept) == (0, [("https://api.example.org/v1", "sk-secret")])
    assert "sk-secret" not in out + err


def test_a_model_of_the_hub_is_looked_up_downloaded_and_listed(
    run: Any, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_models.save(tmp_path / "tiny")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with running(Hub({file.name: file.read_bytes() for file in (tmp_path / "tiny").iterdir()})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        _, about, _ = run("models", "hub", "org/tiny", "--json")
        assert about["size"] == sum(file["size"] for file in about["files"])
        code, found, err = run("models", "download", project, "org/tiny", "--json")
        assert code == 0
        assert "MB" in err
        assert run("models", "download", project, "org/none")[0] == 1
    _, models, _ = run("models", "list", project, "--json")
    assert [(model["ref"]["name"], model["state"]) for model in models] == [("tiny", "ready")]
    _, cached, _ = run("models", "cached", "--json")
    assert [(one["repo"], one["path"]) for one in cached] == [("org/tiny", found["path"])]
