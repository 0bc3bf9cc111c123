-- What callers say of generations; which terms of stealth models they accepted; and which models
-- those turned out to be.

-- One row for a generation and category. No reference to generations: what was said is kept apart.
CREATE TABLE feedback (
    generation_id TEXT   NOT NULL,
    category      TEXT   NOT NULL,
    rating        TEXT,
    comment       TEXT,
    key_id        TEXT   NOT NULL,
    account       TEXT   NOT NULL,
    model         TEXT   NOT NULL,
    created_ms    BIGINT NOT NULL,
    updated_ms    BIGINT NOT NULL,
    CONSTRAINT feedback_pk PRIMARY KEY (generation_id, category),
    CONSTRAINT feedback_category_is_known
        CHECK (category IN ('latency', 'incoherence', 'incorrect_response', 'formatting',
                            'billing', 'api_error', 'other')),
    CONSTRAINT feedback_rating_is_known CHECK (rating IN ('up', 'down'))
);

CREATE INDEX feedback_by_model ON feedback (model, created_ms);
CREATE INDEX feedback_by_age ON feedback (created_ms);

-- A row outlives its key: it is the record of who agreed to what, and when.
CREATE TABLE accepted_terms (
    key_id      TEXT   NOT NULL,
    model       TEXT   NOT NULL,
    terms_hash  TEXT   NOT NULL,
    account     TEXT   NOT NULL,
    accepted_ms BIGINT NOT NULL,
    CONSTRAINT accepted_terms_pk PRIMARY KEY (key_id, model, terms_hash)
);

CREATE INDEX accepted_terms_by_age ON accepted_terms (accepted_ms);

CREATE TABLE reveals (
    stealth     TEXT   NOT NULL,
    model       TEXT   NOT NULL,
    revealed_ms BIGINT NOT NULL,
    CONSTRAINT reveals_pk PRIMARY KEY (stealth)
);
