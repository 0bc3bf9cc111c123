-- Who may call, what each caller has spent, and the few facts that the house keeps about itself.

CREATE TABLE api_keys (
    id          TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    label       TEXT   NOT NULL,
    limit_nanos BIGINT,
    limit_reset TEXT,
    disabled    BIGINT NOT NULL,
    expires_ms  BIGINT,
    created_ms  BIGINT NOT NULL,
    updated_ms  BIGINT,
    CONSTRAINT api_keys_pk PRIMARY KEY (id),
    CONSTRAINT api_keys_disabled_is_truth CHECK (disabled IN (0, 1)),
    CONSTRAINT api_keys_limit_reset_is_known CHECK (limit_reset IN ('daily', 'weekly', 'monthly'))
);

CREATE INDEX api_keys_by_age ON api_keys (created_ms, id);

-- A row outlives its key, and may exist for a key that was never stored here. Each window carries
-- its first moment, so that what is booked late finds its own window or none.
CREATE TABLE key_spend (
    key_id      TEXT   NOT NULL,
    as_of_ms    BIGINT NOT NULL,
    total_nanos BIGINT NOT NULL,
    day_ms      BIGINT NOT NULL,
    day_nanos   BIGINT NOT NULL,
    week_ms     BIGINT NOT NULL,
    week_nanos  BIGINT NOT NULL,
    month_ms    BIGINT NOT NULL,
    month_nanos BIGINT NOT NULL,
    CONSTRAINT key_spend_pk PRIMARY KEY (key_id)
);

CREATE TABLE settings (
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT settings_pk PRIMARY KEY (name)
);
