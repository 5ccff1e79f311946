"""Models of the Hub, from a stand-in on the loopback interface: looked up, downloaded, resumed, checked, used again."""

from __future__ import annotations

import errno
import shutil
from collections import namedtuple
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.models import tiny_models
from tests.models.hub_stand_in import COMMIT, Hub, running
from workbench.errors import Cancelled, ModelError
from workbench.models import read_facts
from workbench.models.hub import cached_models, look_up
from workbench.models.hub_download import download


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("hub") / "tiny"
    tiny_models.save(folder)
    found = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
    return {**found, "pytorch_model.bin": b"pickle", "README.md": b"# tiny", "onnx/model.safetensors": b"other",
            "tiny-q8.gguf": b"GGUF not really", "big-00001-of-00002.gguf": b"part"}


@pytest.fixture
def hub(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running(Hub(dict(files))) as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield found


class Told:
    """The reports of a download, and where it is to be broken off."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.numbers: list[tuple[int, int]] = []
        self.stop_at = stop_at

    def __call__(self, done: int, total: int) -> None:
        self.numbers.append((done, total))
        if self.stop_at is not None and done >= self.stop_at:
            raise Cancelled


def no_wait(seconds: float) -> None:
    """Attempts follow each other at once."""


def test_size_and_files_are_known_before_anything_is_downloaded(hub: Hub, tmp_path: Path) -> None:
    model = look_up("https://huggingface.co/org/tiny")
    assert (model.repo, model.commit, model.gated) == ("org/tiny", COMMIT, False)
    assert {file.name for file in model.files} == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert [file.name for file in model.ggufs] == ["tiny-q8.gguf"]
    assert model.size == sum(len(hub.files[file.name]) for file in model.files)
    assert not (tmp_path / "cache").exists()


def test_a_download_can_be_loaded_is_listed_and_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    model, told = look_up("org/tiny"), Told()
    path = download(model, told)
    assert read_facts(path).layers == 3
    assert not read_facts(path).problems
    assert told.numbers[-1] == (model.size, model.size)
    assert [done for done, _ in told.numbers] == sorted(done for done, _ in told.numbers)
    assert [(found.repo, found.path) for found in cached_models()] == [("org/tiny", path)]
    before = len(hub.asked)
    assert download(model, Told()) == path
    assert len(hub.asked) == before


def test_what_huggingface_hub_has_downloaded_is_used(hub: Hub) -> None:
    from huggingface_hub import try_to_load_from_cache

    path = download(look_up("org/tiny"), Told())
    found = try_to_load_from_cache("org/tiny", "config.json", cache_dir=path.parents[2])
    assert found == str(path / "config.json")


def test_a_download_that_was_broken_off_goes_on_where_it_was(hub: Hub) -> None:
    model = look_up("org/tiny")
    weights = len(hub.files["model.safetensors"])
    hub.cut = [10**9, 10**9, weights // 2]
    with pytest.raises(Cancelled):
        download(model, Told(stop_at=weights // 2), wait=no_wait)
    hub.cut = []
    hub.asked.clear()
    path = download(model, Told())
    assert (path / "model.safetensors").read_bytes() == hub.files["model.safetensors"]
    ranges = [asked for name, asked, _ in hub.asked if name == "/store/model.safetensors"]
    assert ranges
    assert all(asked.startswith("bytes=") for asked in ranges)


def test_a_connection_that_keeps_breaking_is_tried_again_while_it_gives_something(hub: Hub) -> None:
    hub.cut = [50, 50, 50, 50, 50, 50, 50]
    waits: list[float] = []
    path = download(look_up("org/tiny"), Told(), wait=waits.append)
    assert len(waits) == 7
    assert not read_facts(path).problems


def test_a_connection_that_gives_nothing_is_given_up_and_the_part_is_kept(hub: Hub, tmp_path: Path) -> None:
    hub.cut = [100] + [0] * 20
    with pytest.raises(ModelError, match="cannot be reached") as told:
        download(look_up("org/tiny"), Told(), wait=no_wait)
    assert "is kept" in told.value.safe
    assert [part.stat().st_size for part in (tmp_path / "cache").rglob("*.part")] == [100]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_file_that_arrives_damaged_is_thrown_away(hub: Hub, tmp_path: Path, name: str) -> None:
    data = bytearray(hub.files[name])
    data[len(data) // 2] ^= 1
    hub.lies[name] = bytes(data)
    with pytest.raises(ModelError, match=f"{name} of org/tiny arrived damaged"):
        download(look_up("org/tiny"), Told(), wait=no_wait)
    assert not list((tmp_path / "cache").rglob("*.part"))
    assert not list((tmp_path / "cache" / "models--org--tiny" / "snapshots").rglob(name))
    hub.lies.clear()
    assert not read_facts(download(look_up("org/tiny"), Told())).problems


def test_more_than_was_announced_is_not_written(hub: Hub) -> None:
    hub.lies["config.json"] = hub.files["config.json"] + b" " * 5000
    with pytest.raises(ModelError, match="more than it announced"):
        download(look_up("org/tiny"), Told(), wait=no_wait)


def test_a_disk_too_small_is_told_before_anything_comes(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    model = look_up("org/tiny")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    hub.asked.clear()
    with pytest.raises(ModelError, match="The disk is full") as told:
        download(model, Told())
    assert "HF_HUB_CACHE" in told.value.remedy
    assert hub.asked == []


def test_a_disk_that_fills_up_meanwhile_stops_it_and_the_part_is_kept(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A part's file on a disk that takes no more."""

        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> int:
            self.file.write(data[:20])
            raise OSError(errno.ENOSPC, "No space left on device")

    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *a, **k: Full(real(path, *a, **k)) if path.suffix == ".part"
                        and a[0] in ("ab", "wb") else real(path, *a, **k))
    with pytest.raises(ModelError, match="The disk is full"):
        download(look_up("org/tiny"), Told(), wait=no_wait)
    monkeypatch.undo()
    assert [part.stat().st_size for part in (tmp_path / "cache").rglob("*.part")] == [20]


@pytest.mark.parametrize(("error", "reason"), [
    ((403, "GatedRepo"), "is gated"), ((401, "RepoNotFound"), "has no model"), ((404, "RepoNotFound"), "has no model"),
    ((404, "RevisionNotFound"), "has no revision"), ((500, ""), "answers 500"),
])  # fmt: skip
def test_what_the_hub_refuses_is_told_with_what_to_do(hub: Hub, error: tuple[int, str], reason: str) -> None:
    hub.error = error
    with pytest.raises(ModelError, match=reason) as told:
        look_up("org/tiny")
    assert told.value.remedy
    assert "hf_secret" not in str(told.value)


def test_a_model_that_becomes_gated_is_told_while_downloading(hub: Hub) -> None:
    model = look_up("org/tiny")
    hub.error = (403, "GatedRepo")
    with pytest.raises(ModelError, match="is gated"):
        download(model, Told(), wait=no_wait)


def test_without_a_network_it_says_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match="cannot be reached"):
        look_up("org/tiny")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        look_up("org/tiny")


@pytest.mark.parametrize("repo", ["", "..", "a/b/c", "org/../x", "org/na me", "org/tiny?x=1", "-org/tiny"])
def test_what_is_no_id_is_refused_and_nothing_is_asked(hub: Hub, repo: str) -> None:
    with pytest.raises(ModelError, match="not a model's id"):
        look_up(repo)
    assert hub.asked == []


def test_a_gguf_file_is_a_model_of_its_own(hub: Hub) -> None:
    model = look_up("org/tiny")
    path = download(model, Told(), gguf="tiny-q8.gguf")
    assert path.name == "tiny-q8.gguf"
    assert path.read_bytes() == hub.files["tiny-q8.gguf"]
    assert [found.repo for found in cached_models()] == ["org/tiny, tiny-q8.gguf"]
    with pytest.raises(ModelError, match="has no file"):
        download(model, Told(), gguf="../../etc/passwd")


def test_a_gguf_in_parts_is_one_model_once_its_parts_are_there(hub: Hub) -> None:
    first, second = "big-00001-of-00002.gguf", "big-00002-of-00002.gguf"
    assert first not in [file.name for file in look_up("org/tiny").ggufs]
    hub.files[second] = b"the other"
    model = look_up("org/tiny")
    assert [(file.name, file.whole_size) for file in model.ggufs if file.others] == [(first, 13)]
    path = download(model, Told(), gguf=first)
    assert (path.name, (path.parent / second).read_bytes()) == (first, b"the other")
    assert [(found.repo, found.size) for found in cached_models()] == [(f"org/tiny, {first}", 13)]


def test_pickled_weights_are_not_downloaded(hub: Hub) -> None:
    del hub.files["model.safetensors"]
    with pytest.raises(ModelError, match="has no safetensors"):
        download(look_up("org/tiny"), Told())
    assert not any("pytorch_model" in path for path, _, _ in hub.asked)


def test_the_token_goes_to_the_hub_alone(hub: Hub) -> None:
    """The Hub redirects to another host for large files."""
    with running(Hub(hub.files)) as other:
        original = BaseHTTPRequestHandler.send_header

        def elsewhere(handler: BaseHTTPRequestHandler, name: str, value: str) -> None:
            original(handler, name, f"{other.url}{value}" if name == "Location" else value)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseHTTPRequestHandler, "send_header", elsewhere)
            download(look_up("org/tiny"), Told())
    assert all(key == "Bearer hf_secret" for _, _, key in hub.asked)
    assert other.asked
    assert all(key == "" for _, _, key in other.asked)


def test_no_cache_is_no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "nothing"))
    assert cached_models() == []
