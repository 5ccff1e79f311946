"""Contestants; answers and judgements with all that belongs to them, and their full-text search.

The first schema's tables for answers and judgements were never written to, and are replaced.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

# One statement a paragraph: what SQLite keeps is exactly what stands here.
STATEMENTS = """
DROP TABLE judgements

DROP TABLE answers

CREATE TABLE kept_prompts (
    id INTEGER NOT NULL,
    content JSON NOT NULL,
    content_hash TEXT NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_kept_prompts PRIMARY KEY (id),
    CONSTRAINT uq_kept_prompts_content_hash UNIQUE (content_hash)
)

CREATE TABLE contestants (
    id INTEGER NOT NULL,
    deleted INTEGER DEFAULT '0' NOT NULL,
    name TEXT NOT NULL,
    model JSON NOT NULL,
    kept_prompt_id INTEGER,
    decoding JSON NOT NULL,
    content_hash TEXT NOT NULL,
    created VARCHAR NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_contestants PRIMARY KEY (id),
    CONSTRAINT fk_contestants_kept_prompt_id FOREIGN KEY(kept_prompt_id) REFERENCES kept_prompts (id)
)

CREATE INDEX ix_contestants_content ON contestants (content_hash)

CREATE INDEX ix_contestants_kept_prompt_id ON contestants (kept_prompt_id)

CREATE TABLE answers (
    id INTEGER NOT NULL,
    job_id INTEGER,
    contestant_id INTEGER NOT NULL,
    question_id INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    text TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    seconds DOUBLE NOT NULL,
    finish TEXT NOT NULL,
    seed INTEGER NOT NULL,
    logprob DOUBLE,
    facts JSON NOT NULL,
    created VARCHAR NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_answers PRIMARY KEY (id),
    CONSTRAINT fk_answers_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE SET NULL,
    CONSTRAINT fk_answers_contestant_id FOREIGN KEY(contestant_id) REFERENCES contestants (id) ON DELETE CASCADE,
    CONSTRAINT fk_answers_question_id FOREIGN KEY(question_id) REFERENCES questions (id) ON DELETE CASCADE
)

CREATE INDEX ix_answers_job_id ON answers (job_id)

CREATE INDEX ix_answers_question_id ON answers (question_id)

CREATE UNIQUE INDEX ux_answers ON answers (contestant_id, question_id, turn, repeat)

CREATE TABLE judgements (
    id INTEGER NOT NULL,
    deleted INTEGER DEFAULT '0' NOT NULL,
    job_id INTEGER,
    answer_id INTEGER NOT NULL,
    other_answer_id INTEGER,
    judge TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    score DOUBLE,
    verdict TEXT NOT NULL,
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    words TEXT NOT NULL,
    words_swapped TEXT NOT NULL,
    prompt_name TEXT NOT NULL,
    by_person INTEGER NOT NULL,
    details JSON NOT NULL,
    created VARCHAR NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_judgements PRIMARY KEY (id),
    CONSTRAINT ck_judgements_kind CHECK (kind IN ('rating', 'pair', 'measure')),
    CONSTRAINT fk_judgements_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE SET NULL,
    CONSTRAINT fk_judgements_answer_id FOREIGN KEY(answer_id) REFERENCES answers (id) ON DELETE CASCADE,
    CONSTRAINT fk_judgements_other_answer_id FOREIGN KEY(other_answer_id) REFERENCES answers (id) ON DELETE CASCADE
)

CREATE INDEX ix_judgements_answer_id ON judgements (answer_id)

CREATE INDEX ix_judgements_job_id ON judgements (job_id)

CREATE INDEX ix_judgements_judge ON judgements (judge, kind)

CREATE INDEX ix_judgements_other_answer_id ON judgements (other_answer_id)

CREATE VIEW judgement_texts (id, words) AS
SELECT id, words || char(10) || words_swapped FROM judgements WHERE deleted = 0

CREATE VIRTUAL TABLE answer_search USING fts5 (
    text, content='answers', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
)

CREATE VIRTUAL TABLE judgement_search USING fts5 (
    words, content='judgement_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
)
"""


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS.strip().split("\n\n"):
        connection.exec_driver_sql(statement)
