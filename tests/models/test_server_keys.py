"""Keys of servers: from the keyring or the environment, one a server, and never anywhere else."""

from __future__ import annotations

import pytest

from workbench.errors import ModelError


def test_a_key_belongs_to_one_server_and_comes_from_the_keyring_or_the_environment(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring
    from keyring.backend import KeyringBackend

    from workbench.models import keys

    class Memory(KeyringBackend):
        priority = 1.0               # type: ignore[assignment]

        def __init__(self) -> None:
            self.kept: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del self.kept[service, username]

    before, memory = keyring.get_keyring(), Memory()
    keyring.set_keyring(memory)
    try:
        keys.save("https://api.example.org/v1", " sk-one ")
        assert keys.read("https://api.example.org/v2") == "sk-one"
        assert keys.read("http://api.example.org/v1") == ""              # not over a plain line
        assert keys.read("https://api.example.org.evil.net/v1") == ""
        keys.save("https://api.example.org/v1", "")
        assert memory.kept == {}
        monkeypatch.setenv("WORKBENCH_KEY_LOCALHOST_8000", "sk-two")
        assert keys.read("http://localhost:8000/v1") == "sk-two"
        assert keys.read("http://localhost:8001/v1") == ""
        monkeypatch.setenv("OPENAI_API_KEY", "sk-three")
        assert keys.read("https://api.openai.com/v1") == "sk-three"
        assert keys.read("https://api.openai.com.evil.net/v1") == ""
    finally:
        keyring.set_keyring(before)


def test_without_a_keyring_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backends.fail import Keyring

    from workbench.models import keys

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        with pytest.raises(ModelError, match="WORKBENCH_KEY_API_EXAMPLE_ORG"):
            keys.save("https://api.example.org/v1", "sk-one")
        monkeypatch.setenv("WORKBENCH_KEY_API_EXAMPLE_ORG", "sk-one")
        assert keys.read("https://api.example.org/v1") == "sk-one"
    finally:
        keyring.set_keyring(before)
