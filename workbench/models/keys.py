"""Keys for servers: from the system's keyring, else from the environment. They are never written anywhere else."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from workbench.errors import ModelError

SERVICE = "demonstration-workbench"


def origin(url: str) -> str:
    """Scheme, host and port: what a key belongs to, so that no project can have it sent elsewhere."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".casefold()


def variable(url: str) -> str:
    """The environment variable that is looked at for this server: WORKBENCH_KEY_ and its host and port."""
    host = urlsplit(origin(url)).netloc
    return "WORKBENCH_KEY_" + re.sub(r"[^A-Z0-9]+", "_", host.upper()).strip("_")


def read(url: str) -> str:
    """The key for ``url``; "" where there is none."""
    found = _from_keyring(url) or os.environ.get(variable(url), "")
    if not found and origin(url) == "https://api.openai.com":
        found = os.environ.get("OPENAI_API_KEY", "")
    return found.strip()


def save(url: str, key: str) -> None:
    """Keep a key in the keyring; an empty one forgets it. Raises ModelError where there is no keyring."""
    import keyring
    import keyring.errors

    try:
        if key.strip():
            keyring.set_password(SERVICE, origin(url), key.strip())
        elif keyring.get_password(SERVICE, origin(url)) is not None:
            keyring.delete_password(SERVICE, origin(url))
    except keyring.errors.KeyringError as error:
        if not key.strip():
            return
        raise ModelError(
            f"This computer has no keyring that takes the key ({type(error).__name__}).",
            safe="The key was not written anywhere.",
            remedy=f"Set it in the environment variable {variable(url)} instead.",
        ) from error


def _from_keyring(url: str) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, origin(url)) or ""
    except (keyring.errors.KeyringError, OSError, RuntimeError):
        return ""                    # locked, refused, or no such service: as if there were none
