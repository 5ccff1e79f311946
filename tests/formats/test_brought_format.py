"""A format that an installed package brings is read, offered and written like our own."""

import sys
from pathlib import Path

import pytest

from workbench import plugins
from workbench.domain import Demonstration
from workbench.formats import registry

CODE = '''
import json
from workbench.formats.format import Format, as_text
from workbench.formats.rows import Row

def rows(source):
    with source.text() as stream:
        for number, line in enumerate(stream, 1):
            if number > 1 and line.strip():
                asked, _, answered = line.strip().partition(" => ")
                yield Row(number, {"instruction": asked, "output": answered, "nr": number})

def write(demonstrations):
    yield "%arrows\\n"
    for one in demonstrations:
        yield f"{one.instruction} => {one.answer}\\n"

FORMAT = Format("arrows", "Arrows", "Question => answer.", (".arr",), recognises=lambda source:
                source.sample.startswith(b"%arrows"), rows=rows, write=as_text(write), hint="One line each.")
broken = 1
'''


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two packages, one of which is of no use."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    for name, point in (("brought_arrows", "FORMAT"), ("brought_broken", "broken")):
        info = tmp_path / "site" / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (tmp_path / "site" / f"{name}.py").write_text(CODE)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[workbench.formats]\n{name} = {name}:{point}\n")
    for cache in (plugins.load, registry.table):
        cache.cache_clear()
    yield
    for cache in (plugins.load, registry.table):
        cache.cache_clear()
    for name in ("brought_arrows", "brought_broken"):
        sys.modules.pop(name, None)


def test_it_is_recognised_offered_and_written_and_a_broken_one_is_named(brought, tmp_path):
    path = tmp_path / "some.arr"
    with path.open("wb") as stream:
        registry.writers()["arrows"].write([Demonstration.pair("a", "b")], stream)
    for format in ("auto", "arrows"):
        file = registry.open_file(path, format)
        assert file.kind.name == "arrows"
        [(line, found)] = file.demonstrations()
        assert (line, found.turns, found.metadata) == (2, Demonstration.pair("a", "b").turns, {"nr": 2})
    assert "Arrows" in [entry.title for entry in registry.readable()]
    [failure] = registry.table().failures
    assert failure.package == "brought_broken"
    assert "Format is expected" in failure.reason
