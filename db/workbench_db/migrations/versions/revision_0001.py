"""The first schema."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

# One statement a paragraph: what SQLite keeps is exactly what stands here.
STATEMENTS = """
CREATE TABLE models (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    backend TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    device TEXT NOT NULL,
    dtype TEXT NOT NULL,
    facts JSON,
    current BOOLEAN NOT NULL,
    added VARCHAR NOT NULL,
    CONSTRAINT pk_models PRIMARY KEY (id),
    CONSTRAINT uq_models_path UNIQUE (path)
)

CREATE TABLE people (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    since VARCHAR NOT NULL,
    CONSTRAINT pk_people PRIMARY KEY (id),
    CONSTRAINT uq_people_name UNIQUE (name)
)

CREATE TABLE project (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    created VARCHAR NOT NULL,
    CONSTRAINT pk_project PRIMARY KEY (id)
)

CREATE TABLE prompts (
    id INTEGER NOT NULL,
    deleted INTEGER DEFAULT '0' NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_prompts PRIMARY KEY (id)
)

CREATE TABLE question_sets (
    id INTEGER NOT NULL,
    deleted INTEGER DEFAULT '0' NOT NULL,
    name TEXT NOT NULL,
    created VARCHAR NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_question_sets PRIMARY KEY (id)
)

CREATE TABLE change_groups (
    id INTEGER NOT NULL,
    created VARCHAR NOT NULL,
    person_id INTEGER,
    label TEXT NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT pk_change_groups PRIMARY KEY (id),
    CONSTRAINT ck_change_groups_state CHECK (state IN ('applied', 'settled', 'undone', 'dropped')),
    CONSTRAINT fk_change_groups_person_id FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE SET NULL
)

CREATE INDEX ix_change_groups_state ON change_groups (state)

CREATE TABLE imports (
    id INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    encoding TEXT NOT NULL,
    created VARCHAR NOT NULL,
    person_id INTEGER,
    imported INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    refused JSON NOT NULL,
    sha256 TEXT NOT NULL,
    CONSTRAINT pk_imports PRIMARY KEY (id),
    CONSTRAINT fk_imports_person_id FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE SET NULL
)

CREATE TABLE jobs (
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    spec TEXT NOT NULL,
    state TEXT NOT NULL,
    position INTEGER NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    unit TEXT NOT NULL,
    rate DOUBLE,
    seconds_left DOUBLE,
    created VARCHAR NOT NULL,
    started VARCHAR,
    ended VARCHAR,
    person_id INTEGER,
    summary JSON NOT NULL,
    facts JSON NOT NULL,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT fk_jobs_person_id FOREIGN KEY(person_id) REFERENCES people (id) ON DELETE SET NULL
)

CREATE INDEX ix_jobs_state ON jobs (state, position)

CREATE TABLE prompt_versions (
    id INTEGER NOT NULL,
    prompt_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    created VARCHAR NOT NULL,
    rules TEXT NOT NULL,
    template TEXT NOT NULL,
    verbatim TEXT NOT NULL,
    demonstrations JSON NOT NULL,
    content_hash TEXT NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_prompt_versions PRIMARY KEY (id),
    CONSTRAINT uq_prompt_versions_prompt_id UNIQUE (prompt_id, number),
    CONSTRAINT fk_prompt_versions_prompt_id FOREIGN KEY(prompt_id) REFERENCES prompts (id) ON DELETE CASCADE
)

CREATE TABLE questions (
    id INTEGER NOT NULL,
    set_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    category TEXT NOT NULL,
    turns JSON NOT NULL,
    reference_answers JSON NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_questions PRIMARY KEY (id),
    CONSTRAINT uq_questions_set_id UNIQUE (set_id, position),
    CONSTRAINT fk_questions_set_id FOREIGN KEY(set_id) REFERENCES question_sets (id) ON DELETE CASCADE
)

CREATE TABLE answers (
    id INTEGER NOT NULL,
    job_id INTEGER,
    question_id INTEGER,
    turn INTEGER NOT NULL,
    prompt_version_id INTEGER,
    model_name TEXT NOT NULL,
    text TEXT NOT NULL,
    parameters JSON NOT NULL,
    created VARCHAR NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_answers PRIMARY KEY (id),
    CONSTRAINT fk_answers_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE,
    CONSTRAINT fk_answers_question_id
        FOREIGN KEY(question_id) REFERENCES questions (id) ON DELETE CASCADE,
    CONSTRAINT fk_answers_prompt_version_id
        FOREIGN KEY(prompt_version_id) REFERENCES prompt_versions (id) ON DELETE SET NULL
)

CREATE INDEX ix_answers_job_id ON answers (job_id)

CREATE INDEX ix_answers_question_id ON answers (question_id)

CREATE TABLE artifacts (
    id INTEGER NOT NULL,
    job_id INTEGER,
    path TEXT NOT NULL,
    role TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created VARCHAR NOT NULL,
    CONSTRAINT pk_artifacts PRIMARY KEY (id),
    CONSTRAINT fk_artifacts_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE SET NULL
)

CREATE INDEX ix_artifacts_job_id ON artifacts (job_id)

CREATE TABLE demonstrations (
    id INTEGER NOT NULL,
    deleted INTEGER DEFAULT '0' NOT NULL,
    status TEXT NOT NULL,
    rating INTEGER NOT NULL,
    category TEXT NOT NULL,
    source TEXT NOT NULL,
    licence TEXT NOT NULL,
    language TEXT NOT NULL,
    tokens INTEGER,
    gain DOUBLE,
    gain_low DOUBLE,
    gain_high DOUBLE,
    gain_job_id INTEGER,
    import_id INTEGER,
    content_hash TEXT NOT NULL,
    row_hash TEXT NOT NULL,
    title TEXT NOT NULL,
    sort_key TEXT NOT NULL,
    note TEXT NOT NULL,
    turns JSON NOT NULL,
    CONSTRAINT pk_demonstrations PRIMARY KEY (id),
    CONSTRAINT ck_demonstrations_status CHECK (status IN ('candidate', 'accepted', 'flagged', 'rejected')),
    CONSTRAINT ck_demonstrations_rating CHECK (rating BETWEEN 0 AND 5),
    CONSTRAINT fk_demonstrations_gain_job_id FOREIGN KEY(gain_job_id) REFERENCES jobs (id) ON DELETE SET NULL,
    CONSTRAINT fk_demonstrations_import_id FOREIGN KEY(import_id) REFERENCES imports (id) ON DELETE SET NULL
)

CREATE INDEX ix_demonstrations_category ON demonstrations (deleted, category)

CREATE INDEX ix_demonstrations_facets ON demonstrations (deleted, status, rating, category, source, tokens, gain)

CREATE INDEX ix_demonstrations_gain ON demonstrations (deleted, gain)

CREATE INDEX ix_demonstrations_gain_job ON demonstrations (gain_job_id)

CREATE INDEX ix_demonstrations_import ON demonstrations (import_id)

CREATE INDEX ix_demonstrations_rating ON demonstrations (deleted, rating)

CREATE INDEX ix_demonstrations_sort_key ON demonstrations (deleted, sort_key)

CREATE INDEX ix_demonstrations_source ON demonstrations (deleted, source)

CREATE INDEX ix_demonstrations_status ON demonstrations (deleted, status)

CREATE INDEX ix_demonstrations_tokens ON demonstrations (deleted, tokens)

CREATE UNIQUE INDEX ux_demonstrations_content ON demonstrations (content_hash) WHERE deleted = 0

CREATE TABLE job_events (
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    created VARCHAR NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    CONSTRAINT pk_job_events PRIMARY KEY (id),
    CONSTRAINT fk_job_events_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
)

CREATE INDEX ix_job_events_job_id ON job_events (job_id)

CREATE TABLE metric_points (
    job_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,
    value DOUBLE NOT NULL,
    CONSTRAINT pk_metric_points PRIMARY KEY (job_id, name, step),
    CONSTRAINT fk_metric_points_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
)

CREATE TABLE revisions (
    id INTEGER NOT NULL,
    change_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    entity_id INTEGER NOT NULL,
    "before" JSON NOT NULL,
    "after" JSON NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_revisions PRIMARY KEY (id),
    CONSTRAINT fk_revisions_change_id
        FOREIGN KEY(change_id) REFERENCES change_groups (id) ON DELETE CASCADE
)

CREATE INDEX ix_revisions_change ON revisions (change_id)

CREATE INDEX ix_revisions_entity ON revisions (entity_id, kind)

CREATE TABLE search_rounds (
    job_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    chosen_id INTEGER NOT NULL,
    objective DOUBLE NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    evaluations INTEGER NOT NULL,
    ranking JSON NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_search_rounds PRIMARY KEY (job_id, number),
    CONSTRAINT fk_search_rounds_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
)

CREATE TABLE set_evaluations (
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    label TEXT NOT NULL,
    demonstration_ids JSON NOT NULL,
    mean DOUBLE NOT NULL,
    answers JSON NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_set_evaluations PRIMARY KEY (id),
    CONSTRAINT uq_set_evaluations_job_id UNIQUE (job_id, strategy, label),
    CONSTRAINT fk_set_evaluations_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
)

CREATE TABLE candidate_measures (
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    round INTEGER NOT NULL,
    demonstration_id INTEGER,
    prompt_tokens INTEGER NOT NULL,
    own_conditional DOUBLE,
    own_alone DOUBLE,
    own_tokens INTEGER NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_candidate_measures PRIMARY KEY (id),
    CONSTRAINT fk_candidate_measures_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE,
    CONSTRAINT fk_candidate_measures_demonstration_id
        FOREIGN KEY(demonstration_id) REFERENCES demonstrations (id) ON DELETE CASCADE
)

CREATE INDEX ix_candidate_measures_demonstration ON candidate_measures (demonstration_id)

CREATE UNIQUE INDEX ux_candidate_measures ON candidate_measures (job_id, round, coalesce(demonstration_id, 0))

CREATE TABLE judgements (
    id INTEGER NOT NULL,
    job_id INTEGER,
    answer_id INTEGER NOT NULL,
    other_answer_id INTEGER,
    judge TEXT NOT NULL,
    score DOUBLE,
    verdict TEXT NOT NULL,
    explanation TEXT NOT NULL,
    created VARCHAR NOT NULL,
    row_hash TEXT NOT NULL,
    CONSTRAINT pk_judgements PRIMARY KEY (id),
    CONSTRAINT fk_judgements_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE,
    CONSTRAINT fk_judgements_answer_id FOREIGN KEY(answer_id) REFERENCES answers (id) ON DELETE CASCADE,
    CONSTRAINT fk_judgements_other_answer_id
        FOREIGN KEY(other_answer_id) REFERENCES answers (id) ON DELETE CASCADE
)

CREATE INDEX ix_judgements_answer_id ON judgements (answer_id)

CREATE INDEX ix_judgements_job_id ON judgements (job_id)

CREATE INDEX ix_judgements_other_answer_id ON judgements (other_answer_id)

CREATE TABLE tags (
    tag TEXT NOT NULL,
    demonstration_id INTEGER NOT NULL,
    CONSTRAINT pk_tags PRIMARY KEY (tag, demonstration_id),
    CONSTRAINT fk_tags_demonstration_id
        FOREIGN KEY(demonstration_id) REFERENCES demonstrations (id) ON DELETE CASCADE
) WITHOUT ROWID

CREATE INDEX ix_tags_demonstration ON tags (demonstration_id)

CREATE TABLE token_counts (
    model_id INTEGER NOT NULL,
    demonstration_id INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    CONSTRAINT pk_token_counts PRIMARY KEY (model_id, demonstration_id),
    CONSTRAINT fk_token_counts_model_id FOREIGN KEY(model_id) REFERENCES models (id) ON DELETE CASCADE,
    CONSTRAINT fk_token_counts_demonstration_id
        FOREIGN KEY(demonstration_id) REFERENCES demonstrations (id) ON DELETE CASCADE
) WITHOUT ROWID

CREATE INDEX ix_token_counts_demonstration ON token_counts (demonstration_id)

CREATE TABLE scores (
    measure_id INTEGER NOT NULL,
    question_id INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    logprob DOUBLE NOT NULL,
    tokens INTEGER NOT NULL,
    CONSTRAINT pk_scores PRIMARY KEY (measure_id, question_id, turn),
    CONSTRAINT fk_scores_measure_id
        FOREIGN KEY(measure_id) REFERENCES candidate_measures (id) ON DELETE CASCADE,
    CONSTRAINT fk_scores_question_id FOREIGN KEY(question_id) REFERENCES questions (id) ON DELETE CASCADE
) WITHOUT ROWID

CREATE INDEX ix_scores_question ON scores (question_id)

CREATE VIEW demonstration_texts (id, body, note) AS
SELECT d.id, (SELECT group_concat(json_extract(t.value, '$[1]'), char(10)) FROM json_each(d.turns) AS t), d.note
FROM demonstrations AS d WHERE d.deleted = 0

CREATE VIRTUAL TABLE demonstration_search USING fts5 (
    body, note, content='demonstration_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
)
"""


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS.strip().split("\n\n"):
        connection.exec_driver_sql(statement)
