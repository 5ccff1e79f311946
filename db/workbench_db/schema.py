"""The tables of a project's database, as typed SQLAlchemy models.

Nothing here is loaded as an object: queries read columns and hand out the domain's dataclasses. A row that holds
what people made or what models said carries ``row_hash`` (see db.row_hash), so that a flipped bit is found.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A time in UTC, stored as ISO text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={
        "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    })
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own attribute
        datetime: Moment, str: Text, dict[str, Any]: JSON(none_as_null=True), list[Any]: JSON(none_as_null=True),
    }


class ProjectRow(Base):
    """One row: what the project is called."""

    __tablename__ = "project"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created: Mapped[datetime]


class PersonRow(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    since: Mapped[datetime]


class ImportRow(Base):
    """One file that was brought in. ``refused`` is [[line, reason], …]."""

    __tablename__ = "imports"
    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    format: Mapped[str]
    encoding: Mapped[str]
    created: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    imported: Mapped[int]
    skipped: Mapped[int]
    refused: Mapped[list[Any]]
    sha256: Mapped[str]


class DemonstrationRow(Base):
    """A demonstration. ``turns`` is [[role, text], …].

    ``title`` (the instruction's first 300 characters, on one line) and ``sort_key`` are made from the turns;
    ``tokens`` and the gain are the latest measured ones, copied here so that a table of a million rows can be
    sorted and filtered by them. None of these is part of the row's hash.
    """

    __tablename__ = "demonstrations"
    id: Mapped[int] = mapped_column(primary_key=True)
    deleted: Mapped[int] = mapped_column(server_default="0")
    status: Mapped[str]
    rating: Mapped[int]
    category: Mapped[str]
    source: Mapped[str]
    licence: Mapped[str]
    language: Mapped[str]
    tokens: Mapped[int | None]
    gain: Mapped[float | None]
    gain_low: Mapped[float | None]
    gain_high: Mapped[float | None]
    gain_job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id", ondelete="SET NULL"))
    content_hash: Mapped[str]
    row_hash: Mapped[str]
    title: Mapped[str]
    sort_key: Mapped[str]
    note: Mapped[str]
    turns: Mapped[list[Any]]
    __table_args__ = (
        CheckConstraint("status IN ('candidate', 'accepted', 'flagged', 'rejected')", name="status"),
        CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
        Index("ux_demonstrations_content", "content_hash", unique=True, sqlite_where=text("deleted = 0")),
        # Wide enough to answer every filter and facet without reading a row's text. Each further index costs time at
        # every bulk change and its undo: those that are deleted stand in none of them.
        Index("ix_demonstrations_facets", "deleted", "status", "rating", "category", "source", "tokens", "gain",
              sqlite_where=text("deleted = 0")),
        Index("ix_demonstrations_tokens", "deleted", "tokens",
              sqlite_where=text("deleted = 0 AND tokens IS NOT NULL")),
        Index("ix_demonstrations_gain", "deleted", "gain", sqlite_where=text("deleted = 0 AND gain IS NOT NULL")),
        Index("ix_demonstrations_sort_key", "deleted", "sort_key", sqlite_where=text("deleted = 0")),
        Index("ix_demonstrations_deleted", "deleted", sqlite_where=text("deleted = 1")),
        Index("ix_demonstrations_gain_job", "gain_job_id"),
        Index("ix_demonstrations_import", "import_id"),
    )


class MetadataRow(Base):
    """What else a demonstration's row said in its file: column → value. Part of the demonstration's row_hash."""

    __tablename__ = "demonstration_metadata"
    id: Mapped[int] = mapped_column(ForeignKey("demonstrations.id", ondelete="CASCADE"), primary_key=True)
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata")


class TagRow(Base):
    __tablename__ = "tags"
    tag: Mapped[str] = mapped_column(primary_key=True)
    demonstration_id: Mapped[int] = mapped_column(
        ForeignKey("demonstrations.id", ondelete="CASCADE"), primary_key=True)
    __table_args__ = (Index("ix_tags_demonstration", "demonstration_id"), {"sqlite_with_rowid": False})


class ChangeRow(Base):
    """One undoable step.

    ``state`` is applied, settled (applied, and no longer to be undone), undone (can be done again) or dropped
    (undone, then left behind by something new).
    """

    __tablename__ = "change_groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    label: Mapped[str]
    state: Mapped[str]
    __table_args__ = (
        CheckConstraint("state IN ('applied', 'settled', 'undone', 'dropped')", name="state"),
        Index("ix_change_groups_state", "state"),
    )


class RevisionRow(Base):
    """What one step changed in one thing: the fields that changed, before and after."""

    __tablename__ = "revisions"
    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("change_groups.id", ondelete="CASCADE"))
    kind: Mapped[str]
    entity_id: Mapped[int]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    row_hash: Mapped[str]
    __table_args__ = (Index("ix_revisions_change", "change_id"), Index("ix_revisions_entity", "entity_id", "kind"))


class QuestionSetRow(Base):
    __tablename__ = "question_sets"
    id: Mapped[int] = mapped_column(primary_key=True)
    deleted: Mapped[int] = mapped_column(server_default="0")
    name: Mapped[str]
    created: Mapped[datetime]
    row_hash: Mapped[str]
    held_out: Mapped[int] = mapped_column(server_default="0")


class QuestionRow(Base):
    """A question of a set; ``turns`` and ``reference_answers`` are lists of text."""

    __tablename__ = "questions"
    id: Mapped[int] = mapped_column(primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("question_sets.id", ondelete="CASCADE"))
    position: Mapped[int]
    key: Mapped[str]
    category: Mapped[str]
    turns: Mapped[list[Any]]
    reference_answers: Mapped[list[Any]]
    row_hash: Mapped[str]
    __table_args__ = (UniqueConstraint("set_id", "position"),)


class PromptRow(Base):
    """A prompt; ``version`` is the number of the version that counts now."""

    __tablename__ = "prompts"
    id: Mapped[int] = mapped_column(primary_key=True)
    deleted: Mapped[int] = mapped_column(server_default="0")
    name: Mapped[str]
    version: Mapped[int]
    row_hash: Mapped[str]


class PromptVersionRow(Base):
    """A version, never changed once written. ``demonstrations`` is [[id, content hash], …] in order."""

    __tablename__ = "prompt_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompts.id", ondelete="CASCADE"))
    number: Mapped[int]
    created: Mapped[datetime]
    rules: Mapped[str]
    template: Mapped[str]
    verbatim: Mapped[str]
    demonstrations: Mapped[list[Any]]
    content_hash: Mapped[str]
    row_hash: Mapped[str]
    __table_args__ = (UniqueConstraint("prompt_id", "number"),)


class ModelRow(Base):
    __tablename__ = "models"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    path: Mapped[str] = mapped_column(unique=True)
    backend: Mapped[str]
    sha256: Mapped[str]
    device: Mapped[str]
    dtype: Mapped[str]
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    current: Mapped[bool]
    added: Mapped[datetime]


class ModelLoadingRow(Base):
    """What some models need beyond a path: an adapter's base, or how its server is used (domain.Server as JSON)."""

    __tablename__ = "model_loading"
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), primary_key=True)
    base: Mapped[str]
    server: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class TokenCountRow(Base):
    __tablename__ = "token_counts"
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), primary_key=True)
    demonstration_id: Mapped[int] = mapped_column(
        ForeignKey("demonstrations.id", ondelete="CASCADE"), primary_key=True)
    tokens: Mapped[int]
    __table_args__ = (Index("ix_token_counts_demonstration", "demonstration_id"), {"sqlite_with_rowid": False})


class JobRow(Base):
    """A job. ``spec`` is the specification as the child reads it; ``facts`` what made the results. It does not start
    before the job ``after_id`` has finished."""

    __tablename__ = "jobs"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    title: Mapped[str]
    detail: Mapped[str]
    spec: Mapped[str]
    state: Mapped[str]
    position: Mapped[int]
    done: Mapped[int]
    total: Mapped[int]
    unit: Mapped[str]
    rate: Mapped[float | None]
    seconds_left: Mapped[float | None]
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    ended: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    summary: Mapped[dict[str, Any]]
    facts: Mapped[dict[str, Any]]
    after_id: Mapped[int | None]
    __table_args__ = (Index("ix_jobs_state", "state", "position"),)


class JobEventRow(Base):
    """A line of a job's log."""

    __tablename__ = "job_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    created: Mapped[datetime]
    level: Mapped[str]
    message: Mapped[str]


class CandidateMeasureRow(Base):
    """What a job measured of one candidate in one round; ``demonstration_id`` NULL is the base prompt.

    ``row_hash`` covers the scores that belong to it too.
    """

    __tablename__ = "candidate_measures"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    round: Mapped[int]
    demonstration_id: Mapped[int | None] = mapped_column(ForeignKey("demonstrations.id", ondelete="CASCADE"))
    prompt_tokens: Mapped[int]
    own_conditional: Mapped[float | None]
    own_alone: Mapped[float | None]
    own_tokens: Mapped[int]
    row_hash: Mapped[str]
    __table_args__ = (
        Index("ux_candidate_measures", "job_id", "round", text("coalesce(demonstration_id, 0)"), unique=True),
        Index("ix_candidate_measures_demonstration", "demonstration_id"),
    )


class ScoreRow(Base):
    """The log-likelihood, in nats, of one reference answer under one candidate's prompt."""

    __tablename__ = "scores"
    measure_id: Mapped[int] = mapped_column(
        ForeignKey("candidate_measures.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    logprob: Mapped[float]
    tokens: Mapped[int]
    __table_args__ = (Index("ix_scores_question", "question_id"), {"sqlite_with_rowid": False})


class SearchRoundRow(Base):
    """``ranking`` is [[demonstration id, objective, gain's mean, low, high], …], best first."""

    __tablename__ = "search_rounds"
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    chosen_id: Mapped[int]
    objective: Mapped[float]
    prompt_tokens: Mapped[int]
    evaluations: Mapped[int]
    ranking: Mapped[list[Any]]
    row_hash: Mapped[str]


class SetEvaluationRow(Base):
    """A set on the held-out questions; ``answers`` is [[question id, turn, logprob, tokens], …]."""

    __tablename__ = "set_evaluations"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    strategy: Mapped[str]
    label: Mapped[str]
    demonstration_ids: Mapped[list[Any]]
    mean: Mapped[float]
    answers: Mapped[list[Any]]
    row_hash: Mapped[str]
    __table_args__ = (UniqueConstraint("job_id", "strategy", "label"),)


class MetricPointRow(Base):
    __tablename__ = "metric_points"
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float]


class ArtifactRow(Base):
    """A file that a job left; ``path`` is relative to the project's folder."""

    __tablename__ = "artifacts"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    path: Mapped[str]
    role: Mapped[str]
    sha256: Mapped[str]
    created: Mapped[datetime]
