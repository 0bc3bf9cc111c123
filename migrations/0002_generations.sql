-- What every call left behind. No reference to api_keys: a generation outlives the key that asked.

CREATE TABLE generations (
    id                   TEXT   NOT NULL,
    created_ms           BIGINT NOT NULL,
    key_id               TEXT   NOT NULL,
    model                TEXT   NOT NULL,
    endpoint             TEXT,
    provider             TEXT,
    provider_name        TEXT,
    outcome              TEXT   NOT NULL,
    prompt_tokens        BIGINT NOT NULL,
    completion_tokens    BIGINT NOT NULL,
    cost_nanos           BIGINT NOT NULL,
    cache_discount_nanos BIGINT NOT NULL,
    usage_json           TEXT   NOT NULL,
    detail_json          TEXT   NOT NULL,
    CONSTRAINT generations_pk PRIMARY KEY (id),
    CONSTRAINT generations_outcome_is_known
        CHECK (outcome IN ('finished', 'cancelled', 'broken', 'refused'))
);
