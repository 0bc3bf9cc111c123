-- Answers to requests that carried an Idempotency-Key, so that a repeat is answered and not served.
-- `sealed` is encrypted under the caller's own key, which is stored nowhere.

CREATE TABLE kept_answers (
    caller         TEXT   NOT NULL,
    key_hash       TEXT   NOT NULL,
    fingerprint    TEXT   NOT NULL,
    owner          TEXT   NOT NULL,
    generation_id  TEXT,
    answered       BIGINT NOT NULL,
    sealed         TEXT,
    bytes          BIGINT NOT NULL,
    created_ms     BIGINT NOT NULL,
    expires_ms     BIGINT NOT NULL,
    CONSTRAINT kept_answers_pk PRIMARY KEY (caller, key_hash),
    CONSTRAINT kept_answers_answered_is_truth CHECK (answered IN (0, 1))
);

CREATE INDEX kept_answers_by_expiry ON kept_answers (expires_ms);
