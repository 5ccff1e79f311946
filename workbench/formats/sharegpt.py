"""ShareGPT's form: ``{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}``."""

from __future__ import annotations

from workbench.formats.layout import Layout, turns_have

LAYOUT = Layout("sharegpt", "ShareGPT", ("conversations",), {"turns": "conversations", "system": "system"},
                lambda row: turns_have(row.get("conversations"), "from", "value"))
