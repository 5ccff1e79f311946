"""Models on the Hugging Face Hub: what one consists of, before anything is downloaded, and what is here already."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from workbench.errors import ModelError
from workbench.models.files import SETTINGS_FILES, gguf_parts

if TYPE_CHECKING:
    import httpx  # takes a third of a second to import, and the window starts with this module

_REPO = re.compile(r"[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?(?:/[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?)?")
_ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class HubFile:
    """``sha256`` is known of large files; ``blob_id`` (git's SHA-1) of all. ``others`` are the further parts of a model
    in GGUF."""

    name: str
    size: int
    blob_id: str
    sha256: str = ""
    others: tuple[HubFile, ...] = ()

    @property
    def whole_size(self) -> int:
        """Bytes of all parts."""
        return self.size + sum(part.size for part in self.others)

    @property
    def key(self) -> str:
        """The name under which the Hub's cache keeps its content."""
        return self.sha256 or self.blob_id


@dataclass(frozen=True, slots=True)
class HubModel:
    """A repository at one commit. ``files`` are those that the workbench needs; weights as pickles are never among
    them. ``ggufs`` are its GGUF files, each of them (with its other parts) a model of its own. ``gated``: its terms
    have to be accepted."""

    repo: str
    revision: str
    commit: str
    gated: bool
    files: tuple[HubFile, ...]
    ggufs: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        """Bytes of ``files``."""
        return sum(file.size for file in self.files)

    @property
    def loadable(self) -> bool:
        """Whether ``files`` hold weights."""
        return any(file.name.endswith(".safetensors") for file in self.files)

    def chosen(self, gguf: str = "") -> tuple[HubFile, ...]:
        """The files to download: those of the folder, or one GGUF file. Raises ModelError."""
        if gguf:
            first = next((file for file in self.ggufs if file.name == gguf), None)
            if first is None:
                raise ModelError(f"{self.repo} has no file {gguf}.", remedy="Choose one of its GGUF files.")
            return (first, *first.others)
        if not self.loadable:
            raise ModelError(
                f"{self.repo} has no safetensors.", safe="Nothing was downloaded.",
                remedy="Choose one of its GGUF files." if self.ggufs else "Choose another model.",
            )  # fmt: skip
        return self.files


@dataclass(frozen=True, slots=True)
class CachedModel:
    """A model in the Hub's cache on this computer: a folder, or a GGUF file in it (of several parts the first).
    ``size`` is in bytes, of all its files."""

    repo: str
    path: Path
    size: int


def endpoint() -> str:
    """The Hub's address: HF_ENDPOINT, or the real one."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def token() -> str:
    """The person's token, as huggingface_hub finds it (HF_TOKEN, or its log-in); "" where there is none."""
    from huggingface_hub import get_token

    return get_token() or ""


def cache_folder() -> Path:
    """Where huggingface_hub and transformers keep their downloads too."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()


def check_online() -> None:
    """Raises ModelError where the person has switched the Hub off."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise ModelError("The Hub is switched off (HF_HUB_OFFLINE is set).",
                         remedy="Choose one of the models that are on this computer, or unset the variable.")


def look_up(repo: str, revision: str = "main") -> HubModel:
    """Size and files of a model; one short request. Raises ModelError: no such model, gated, offline."""
    repo = repo.strip().removeprefix("https://huggingface.co/").strip("/")
    if not _REPO.fullmatch(repo) or ".." in repo or "--" in repo:
        raise ModelError(f"“{repo}” is not a model's id.", remedy="Type it as on the Hub: organisation/name.")
    check_online()
    import httpx

    address = f"{endpoint()}/api/models/{repo}/revision/{revision.replace('/', '%2F')}"
    headers = {"Authorization": f"Bearer {token()}"} if token() else {}
    try:
        response = httpx.get(address, params={"blobs": "true"}, headers=headers, timeout=_SECONDS)
    except httpx.HTTPError as error:
        raise unreachable() from error
    if response.status_code != 200:
        raise refusal(repo, revision, response)
    try:
        return _model(repo, revision, response.json())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{endpoint()} sent something that is not a model's description.",
                         remedy="Check HF_ENDPOINT, or try again later.") from error


def cached_models() -> list[CachedModel]:
    """What is in the Hub's cache already and can be added without downloading; by name."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        info = scan_cache_dir(cache_folder())
    except (CacheNotFound, ValueError, OSError):
        return []
    found = []
    for repo in info.repos:
        newest = max(repo.revisions, key=lambda one: one.last_modified, default=None)
        if repo.repo_type != "model" or newest is None:
            continue
        names = {file.file_name for file in newest.files}
        whole = "config.json" in names and any(name.endswith(".safetensors") for name in names)
        if whole or "adapter_config.json" in names:
            found.append(CachedModel(repo.repo_id, Path(newest.snapshot_path), newest.size_on_disk))
        sizes = {Path(file.file_path): file.size_on_disk for file in newest.files if file.file_name.endswith(".gguf")}
        for path in sizes:
            parts = gguf_parts(path)
            if path == parts[0] and all(part in sizes for part in parts):
                found.append(CachedModel(f"{repo.repo_id}, {path.name}", path, sum(sizes[part] for part in parts)))
    return sorted(found, key=lambda one: one.repo.casefold())


def refusal(repo: str, revision: str, response: httpx.Response) -> ModelError:
    """What a Hub's answer other than 200 means."""
    code = response.headers.get("x-error-code", "")
    if code == "GatedRepo" or (response.status_code == 403 and code != "RepoNotFound"):
        return ModelError(
            f"{repo} is gated: its makers want their terms accepted first.", safe="Nothing was downloaded.",
            remedy=f"Accept them at {endpoint()}/{repo}, then log in with “hf auth login” or set HF_TOKEN.",
        )
    if code == "RevisionNotFound":
        return ModelError(f"{repo} has no revision “{revision}”.", remedy="Leave it empty for the newest one.")
    if code == "EntryNotFound":
        return ModelError(f"A file of {repo} is not there any more.", remedy="Look the model up again.")
    if response.status_code in (401, 404):
        return ModelError(f"The Hub has no model “{repo}”, or it is private.",
                          remedy="Check its id; for a private one log in with “hf auth login” or set HF_TOKEN.")
    return ModelError(f"The Hub answers {response.status_code}.", remedy="Try again later.")


def unreachable() -> ModelError:
    return ModelError(f"{endpoint()} cannot be reached.", safe="What was downloaded before is kept.",
                      remedy="Check the network. Models that are on this computer can be added without it.")


def _model(repo: str, revision: str, content: dict[str, Any]) -> HubModel:
    commit = str(content["sha"])
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise ValueError("not a commit")
    files, ggufs = [], dict[str, HubFile]()
    for row in content["siblings"]:
        large = row.get("lfs") or {}
        file = HubFile(str(row["rfilename"]), int(large.get("size") or row.get("size") or 0),
                       _hash(str(row.get("blobId", "")), 40), _hash(str(large.get("sha256", "")), 64))
        if PurePosixPath(file.name).name != file.name or not file.key:
            continue                 # what lies in folders is some other format's
        if file.name.endswith(".gguf"):
            ggufs[file.name] = file
        elif file.name in (*SETTINGS_FILES, *_ADAPTER_FILES) or file.name.endswith(".safetensors"):
            files.append(file)
    return HubModel(str(content.get("id") or repo), revision, commit, bool(content.get("gated")), tuple(files),
                    tuple(_in_parts(ggufs)))


def _in_parts(ggufs: Mapping[str, HubFile]) -> Iterator[HubFile]:
    """The models in GGUF whose parts are all there."""
    for name, file in ggufs.items():
        first, *others = (part.name for part in gguf_parts(Path(name)))
        if name == first and all(other in ggufs for other in others):
            yield replace(file, others=tuple(ggufs[other] for other in others))


def _hash(text: str, length: int) -> str:
    return text if re.fullmatch(rf"[0-9a-f]{{{length}}}", text) else ""
