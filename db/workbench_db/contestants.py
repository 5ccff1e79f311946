"""What answers: contestants, with their prompts as they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from workbench.domain import Backend, Contestant, DecodingSettings, Demonstration, ModelRef, Prompt, Server
from workbench_db.bench_schema import ContestantRow, KeptPromptRow
from workbench_db.demonstrations import turns_from
from workbench_db.id_list import listed
from workbench_db.row_hash import row_hash


def insert_contestant(connection: Connection, contestant: Contestant, *, aside: bool = False) -> int:
    """Store a contestant and return its id; one that answers in the very same way (see content_hash) is taken as it
    is, under the name that it has.

    ``aside`` stores it as one that is deleted, unless it is there already: kept, and shown by nothing until it is
    brought back.
    """
    found = stored_as(connection, contestant, aside=aside)
    if found is not None:
        return found
    kept = None if contestant.prompt is None else _keep(connection, contestant.prompt)
    id = connection.execute(insert(ContestantRow).values(
        name=contestant.name, model=_model_json(contestant.model), kept_prompt_id=kept, deleted=int(aside),
        decoding=_decoding_json(contestant.decoding), content_hash=contestant.content_hash, created=datetime.now(UTC),
        row_hash="").returning(ContestantRow.id)).scalar_one()
    _sign(connection, id)
    return id


def stored_as(connection: Connection, contestant: Contestant, *, aside: bool = False) -> int | None:
    """The id of the stored one that answers in the very same way; with ``aside`` also of one that is deleted."""
    row = ContestantRow
    return connection.scalar(select(row.id).where(
        row.content_hash == contestant.content_hash, row.deleted.in_((0, 1) if aside else (0,)))
        .order_by(row.deleted, row.id.desc()).limit(1))


def contestants(connection: Connection, ids: Iterable[int] | None = None) -> list[Contestant]:
    """Those that are not deleted, by id; of ``ids`` if given."""
    row = ContestantRow
    wanted = select(row.id, row.name, row.model, row.kept_prompt_id, row.decoding).where(row.deleted == 0)
    if ids is not None:
        wanted = wanted.where(row.id.in_(listed(ids)))
    found = connection.execute(wanted.order_by(row.id)).all()
    prompts = _kept(connection, {kept for *_, kept, _ in found if kept is not None})
    return [Contestant(name, _model(model), None if kept is None else prompts[kept], _decoding(decoding), id)
            for id, name, model, kept, decoding in found]


def patch(connection: Connection, patches: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Write ``name`` or ``deleted``; returns the former values of what changed, by id."""
    before: dict[int, dict[str, Any]] = {}
    for id, wanted in patches.items():
        row = connection.execute(select(ContestantRow.deleted, ContestantRow.name).where(ContestantRow.id == id)).one()
        old = {"deleted": row.deleted, "name": row.name}
        changed = {name: old[name] for name, value in wanted.items() if old[name] != value}
        if changed:
            before[id] = changed
            connection.execute(update(ContestantRow).where(ContestantRow.id == id).values(**wanted))
            _sign(connection, id)
    return before


def tell_model(connection: Connection, model: ModelRef) -> None:
    """Contestants of a model whose hash was not known yet, as recipe 5 trains them, become those of ``model`` in the
    same place: else it would count as another contestant, and answer all again."""
    found = connection.exec_driver_sql(
        "SELECT id FROM contestants WHERE json_extract(model, '$.path') = ? AND json_extract(model, '$.sha256') = ''",
        (model.path,)).scalars().all()
    for one in contestants(connection, found):
        renewed = replace(one, model=replace(model, id=None))
        if one.id is not None and stored_as(connection, renewed) is None:
            connection.execute(update(ContestantRow).where(ContestantRow.id == one.id).values(
                model=_model_json(renewed.model), content_hash=renewed.content_hash))
            _sign(connection, one.id)


def answering(connection: Connection, set_id: int) -> list[int]:
    """Ids of the contestants that have an answer to a question of the set."""
    return list(connection.exec_driver_sql(
        "SELECT id FROM contestants AS c WHERE deleted = 0 AND EXISTS (SELECT 1 FROM answers AS a JOIN questions AS q"
        " ON q.id = a.question_id WHERE a.contestant_id = c.id AND q.set_id = ?) ORDER BY id", (set_id,)).scalars())


def _sign(connection: Connection, id: int) -> None:
    row = ContestantRow
    values = connection.execute(select(row.id, row.deleted, row.name, row.model, row.kept_prompt_id, row.decoding,
                                       row.content_hash).where(row.id == id)).one()
    connection.execute(update(row).where(row.id == id).values(row_hash=row_hash(*values)))


def _keep(connection: Connection, prompt: Prompt) -> int:
    content = _prompt_json(prompt)
    digest = row_hash(content)
    found = connection.scalar(select(KeptPromptRow.id).where(KeptPromptRow.content_hash == digest))
    if found is not None:
        return found
    return connection.execute(insert(KeptPromptRow).values(
        content=content, content_hash=digest, row_hash=row_hash(content, digest)).returning(KeptPromptRow.id)
    ).scalar_one()


def _kept(connection: Connection, ids: Iterable[int]) -> dict[int, Prompt]:
    rows = connection.execute(select(KeptPromptRow.id, KeptPromptRow.content).where(KeptPromptRow.id.in_(listed(ids))))
    return {id: _prompt(content) for id, content in rows}


def _prompt_json(prompt: Prompt) -> dict[str, Any]:
    shown = [{"id": d.id, "turns": [[turn.role.value, turn.text] for turn in d.turns], "category": d.category,
              "source": d.source} for d in prompt.demonstrations]
    return {"rules": prompt.rules, "template": prompt.template, "name": prompt.name, "verbatim": prompt.verbatim,
            "id": prompt.id, "version": prompt.version, "demonstrations": shown}


def _prompt(content: Mapping[str, Any]) -> Prompt:
    shown = tuple(Demonstration(turns_from(d["turns"]), category=d["category"], source=d["source"], id=d["id"])
                  for d in content["demonstrations"])
    return Prompt(**{**content, "demonstrations": shown})


def _model_json(model: ModelRef) -> dict[str, Any]:
    return {**asdict(model), "backend": model.backend.value}


def _model(content: Mapping[str, Any]) -> ModelRef:
    server = content.get("server")
    rebuilt = {"backend": Backend(content["backend"]), "server": None if server is None else Server(**server)}
    return ModelRef(**{**content, **rebuilt})


def _decoding_json(decoding: DecodingSettings) -> dict[str, Any]:
    return {**asdict(decoding), "stop": list(decoding.stop)}


def _decoding(content: Mapping[str, Any]) -> DecodingSettings:
    return DecodingSettings(**{**content, "stop": tuple(content["stop"])})
