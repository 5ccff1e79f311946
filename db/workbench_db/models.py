"""The models that a project knows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from workbench.domain import Backend, ModelFacts, ModelRef, Server
from workbench_db.schema import ModelLoadingRow, ModelRow


@dataclass(frozen=True, slots=True)
class StoredModel:
    ref: ModelRef
    facts: ModelFacts | None
    current: bool


def insert_model(connection: Connection, ref: ModelRef, facts: ModelFacts | None) -> int:
    """Store a model and return its id; the first one becomes the current one. A path is stored once: see by_path."""
    first = connection.scalar(select(ModelRow.id).limit(1)) is None
    model_id = connection.execute(insert(ModelRow).values(
        name=ref.name, path=ref.path, backend=ref.backend.value, sha256=ref.sha256, device=ref.device, dtype=ref.dtype,
        facts=_facts_json(facts), current=first, added=datetime.now(UTC)).returning(ModelRow.id)).scalar_one()
    _write_loading(connection, model_id, ref)
    return model_id


def update_model(connection: Connection, ref: ModelRef, facts: ModelFacts | None) -> None:
    """Write a model's reference and facts again (``ref.id`` says which)."""
    connection.execute(update(ModelRow).where(ModelRow.id == ref.id).values(
        name=ref.name, path=ref.path, backend=ref.backend.value, sha256=ref.sha256, device=ref.device, dtype=ref.dtype,
        facts=_facts_json(facts)))
    if ref.id is not None:
        _write_loading(connection, ref.id, ref)


def delete_model(connection: Connection, model_id: int) -> None:
    connection.execute(delete(ModelRow).where(ModelRow.id == model_id))


def all_models(connection: Connection) -> list[StoredModel]:
    return [_stored(row) for row in connection.execute(_SELECT.order_by(ModelRow.name, ModelRow.id))]


def get_model(connection: Connection, model_id: int) -> StoredModel | None:
    row = connection.execute(_SELECT.where(ModelRow.id == model_id)).one_or_none()
    return None if row is None else _stored(row)


def by_path(connection: Connection, path: str) -> StoredModel | None:
    row = connection.execute(_SELECT.where(ModelRow.path == path)).one_or_none()
    return None if row is None else _stored(row)


def current_model(connection: Connection) -> StoredModel | None:
    row = connection.execute(_SELECT.where(ModelRow.current)).one_or_none()
    return None if row is None else _stored(row)


def set_current(connection: Connection, model_id: int) -> None:
    """Make it the current model; the demonstrations show the tokens that its tokenizer counts."""
    connection.execute(update(ModelRow).values(current=ModelRow.id == model_id))
    connection.exec_driver_sql(
        "UPDATE demonstrations SET tokens = c.tokens FROM (SELECT d.id AS id, t.tokens AS tokens FROM demonstrations"
        " AS d LEFT JOIN token_counts AS t ON t.demonstration_id = d.id AND t.model_id = ?) AS c"
        " WHERE c.id = demonstrations.id AND demonstrations.tokens IS NOT c.tokens", (model_id,))


_COLUMNS = (ModelRow.id, ModelRow.name, ModelRow.path, ModelRow.backend, ModelRow.sha256, ModelRow.device,
            ModelRow.dtype, ModelRow.facts, ModelRow.current, ModelLoadingRow.base, ModelLoadingRow.server)
_SELECT = select(*_COLUMNS).outerjoin(ModelLoadingRow, ModelLoadingRow.model_id == ModelRow.id)


def _write_loading(connection: Connection, model_id: int, ref: ModelRef) -> None:
    connection.execute(delete(ModelLoadingRow).where(ModelLoadingRow.model_id == model_id))
    if ref.base or ref.server is not None:
        connection.execute(insert(ModelLoadingRow).values(
            model_id=model_id, base=ref.base, server=None if ref.server is None else asdict(ref.server)))


def _facts_json(facts: ModelFacts | None) -> dict[str, object] | None:
    return None if facts is None else asdict(facts)


def _stored(row: Row[*tuple[Any, ...]]) -> StoredModel:
    id, name, path, backend, sha256, device, dtype, facts, current, base, server = row
    if facts is not None:
        facts = ModelFacts(**{**facts, "files": tuple(facts["files"]), "problems": tuple(facts["problems"])})
    ref = ModelRef(name, path, Backend(backend), sha256, device, dtype, id, base or "",
                   None if server is None else Server(**server))
    return StoredModel(ref, facts, bool(current))
