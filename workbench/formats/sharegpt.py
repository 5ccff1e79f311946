"""ShareGPT's form: ``{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}``."""

from __future__ import annotations

from workbench.formats.format import Format, turns_have

FORMAT = Format(
    "sharegpt", "ShareGPT", "Conversations whose turns have from and value.", needs=("conversations",),
    mapping={"turns": "conversations", "system": "system"},
    matches=lambda row: turns_have(row.get("conversations"), "from", "value"),
)
