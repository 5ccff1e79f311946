"""The tables of answers and of what was said of them; the rest is in db.schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench_db.schema import Base


class KeptPromptRow(Base):
    """A prompt as it was when a contestant answered under it, whatever becomes of its demonstrations; never changed.

    ``content`` holds all its fields, see db.contestants.
    """

    __tablename__ = "kept_prompts"
    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str] = mapped_column(unique=True)
    row_hash: Mapped[str]


class ContestantRow(Base):
    """What answers: a model, a prompt (NULL: none) and decoding settings."""

    __tablename__ = "contestants"
    id: Mapped[int] = mapped_column(primary_key=True)
    deleted: Mapped[int] = mapped_column(server_default="0")
    name: Mapped[str]
    model: Mapped[dict[str, Any]]
    kept_prompt_id: Mapped[int | None] = mapped_column(ForeignKey("kept_prompts.id"), index=True)
    decoding: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    created: Mapped[datetime]
    row_hash: Mapped[str]
    __table_args__ = (Index("ix_contestants_content", "content_hash"),)


class AnswerRow(Base):
    """What a contestant answered to a turn of a question; a job that is removed leaves it."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    contestant_id: Mapped[int] = mapped_column(ForeignKey("contestants.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"), index=True)
    turn: Mapped[int]
    repeat: Mapped[int]
    text: Mapped[str]
    tokens: Mapped[int]
    seconds: Mapped[float]
    finish: Mapped[str]
    seed: Mapped[int]
    logprob: Mapped[float | None]
    facts: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    row_hash: Mapped[str]
    __table_args__ = (
        Index("ux_answers", "contestant_id", "question_id", "turn", "repeat", unique=True),
    )


class JudgementRow(Base):
    """What a judge or a person said of an answer, or of two; see workbench.domain.Judgement."""

    __tablename__ = "judgements"
    id: Mapped[int] = mapped_column(primary_key=True)
    deleted: Mapped[int] = mapped_column(server_default="0")
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), index=True)
    other_answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), index=True)
    judge: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    score: Mapped[float | None]
    verdict: Mapped[str]
    first: Mapped[str]
    second: Mapped[str]
    words: Mapped[str]
    words_swapped: Mapped[str]
    prompt_name: Mapped[str]
    by_person: Mapped[int]
    details: Mapped[dict[str, Any]]
    created: Mapped[datetime]
    row_hash: Mapped[str]
    __table_args__ = (
        CheckConstraint("kind IN ('rating', 'pair', 'measure')", name="kind"),
        Index("ix_judgements_judge", "judge", "kind"),
    )
