"""What installed packages bring, and what happens when one of them is broken."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench import plugins

GROUP = "workbench.formats"


@dataclass
class Entry:
    name: str
    bring: str = "ours"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a package with entry points where Python finds it, as an installer would."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, code: str, *points: str) -> None:
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n" + "\n".join(points) + "\n")
        plugins.load.cache_clear()

    yield install
    for name in [name for name in sys.modules if name.startswith("brought_")]:
        del sys.modules[name]
    plugins.load.cache_clear()


def test_an_installed_package_brings_one_entry_or_several(package):
    package("brought_good", "class E:\n  def __init__(self, n): self.name = n\none = E('a')\nmore = [E('b'), E('c')]\n",
            "one = brought_good:one", "more = brought_good:more")
    found = plugins.load(GROUP)
    assert {entry.name for _, entry in found.entries} == {"a", "b", "c"}
    assert {owner for owner, _ in found.entries} == {"brought_good"}
    assert found.failures == ()


@pytest.mark.parametrize("code", [
    "raise RuntimeError('no luck')", "import module_that_is_not_there", "def (", "raise SystemExit(3)",
    "class Panic(BaseException): pass\nraise Panic('native')", "other = 1",
])
def test_a_package_that_fails_to_load_is_named_and_the_others_work(package, code):
    package("brought_bad", code, "broken = brought_bad:entry")
    package("brought_good", "class E: name = 'good'\nentry = E()\n", "fine = brought_good:entry")
    found = plugins.load(GROUP)
    assert [entry.name for _, entry in found.entries] == ["good"]
    (failure,) = found.failures
    assert (failure.entry, failure.package) == ("broken", "brought_bad")
    assert "brought_bad" in str(failure)
    assert failure.reason


def test_what_is_of_another_kind_is_refused_and_a_taken_name_keeps_its_owner(package):
    package("brought_kinds", "entry = 5\n", "five = brought_kinds:entry")
    table = plugins.table(GROUP, Entry, [Entry("csv")])
    assert table.entries == {"csv": Entry("csv")}
    assert "int" in table.failures[0].reason
    assert "Entry" in table.failures[0].reason


def test_a_taken_name_is_said(package):
    package("brought_twin", "class E: name = 'csv'\nentry = E()\n", "twin = brought_twin:entry")
    table = plugins.table(GROUP, object, [Entry("csv")])  # type: ignore[type-var]
    assert table.entries["csv"] == Entry("csv")
    assert (table.failures[0].entry, table.failures[0].package) == ("csv", "brought_twin")
