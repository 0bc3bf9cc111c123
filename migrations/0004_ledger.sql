-- The books. Money is whole nano-dollars, times are milliseconds, truth is 0 or 1.
--
-- `settlements`, `lease_draws`, `ledger_entries` and `ledger_batches` are only ever added to. Every
-- batch sums to zero and carries the hash of the one before.

CREATE TABLE accounts (
    id         TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    frozen     BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    CONSTRAINT accounts_pk PRIMARY KEY (id),
    CONSTRAINT accounts_frozen_is_truth CHECK (frozen IN (0, 1))
);

INSERT INTO accounts (id, name, frozen, created_ms) VALUES ('default', 'default', 0, 0);

ALTER TABLE api_keys ADD COLUMN account TEXT NOT NULL DEFAULT 'default';

-- What an account may spend in each day, week, month, or ever.
CREATE TABLE budgets (
    name        TEXT   NOT NULL,
    account     TEXT   NOT NULL,
    reset       TEXT,
    limit_nanos BIGINT NOT NULL,
    created_ms  BIGINT NOT NULL,
    updated_ms  BIGINT,
    CONSTRAINT budgets_pk PRIMARY KEY (name),
    CONSTRAINT budgets_reset_is_known CHECK (reset IN ('daily', 'weekly', 'monthly')),
    CONSTRAINT budgets_limit_is_positive CHECK (0 < limit_nanos)
);

-- What can run empty: an account's credits, a key's limit or a budget in one of its periods.
-- `filled_nanos` is of accounts: all that was ever paid in. `opening_nanos` was spent before the
-- books began, and is part of `spent_nanos`.
CREATE TABLE purses (
    purse         TEXT   NOT NULL,
    filled_nanos  BIGINT NOT NULL,
    opening_nanos BIGINT NOT NULL,
    spent_nanos   BIGINT NOT NULL,
    CONSTRAINT purses_pk PRIMARY KEY (purse)
);

INSERT INTO purses (purse, filled_nanos, opening_nanos, spent_nanos)
SELECT 'key:' || key_id || ':total', 0, total_nanos, total_nanos FROM key_spend
UNION ALL
SELECT 'key:' || key_id || ':day-' || CAST(day_ms AS TEXT), 0, day_nanos, day_nanos FROM key_spend
UNION ALL
SELECT 'key:' || key_id || ':week-' || CAST(week_ms AS TEXT), 0, week_nanos, week_nanos
  FROM key_spend
UNION ALL
SELECT 'key:' || key_id || ':month-' || CAST(month_ms AS TEXT), 0, month_nanos, month_nanos
  FROM key_spend;

-- The processes that hold leases.
CREATE TABLE instances (
    id              TEXT   NOT NULL,
    epoch           BIGINT NOT NULL,
    asserted_epoch  BIGINT NOT NULL,
    asserted_number BIGINT NOT NULL,
    timeline        BIGINT NOT NULL,
    gone            BIGINT NOT NULL,
    CONSTRAINT instances_pk PRIMARY KEY (id)
);

CREATE TABLE leases (
    instance        TEXT   NOT NULL,
    number          BIGINT NOT NULL,
    purse           TEXT   NOT NULL,
    granted_nanos   BIGINT NOT NULL,
    settled_nanos   BIGINT NOT NULL,
    returned_nanos  BIGINT NOT NULL,
    remainder_nanos BIGINT NOT NULL,
    revoked         BIGINT NOT NULL,
    CONSTRAINT leases_pk PRIMARY KEY (instance, number),
    CONSTRAINT leases_remainder_is_not_negative CHECK (0 <= remainder_nanos)
);

CREATE INDEX leases_open_by_purse ON leases (purse) WHERE 0 < remainder_nanos;
CREATE INDEX leases_open_by_instance ON leases (instance) WHERE 0 < remainder_nanos;

-- What the settlements of a batch took from a lease, whether or not the lease is known.
CREATE TABLE lease_draws (
    instance     TEXT   NOT NULL,
    number       BIGINT NOT NULL,
    batch        BIGINT NOT NULL,
    amount_nanos BIGINT NOT NULL,
    CONSTRAINT lease_draws_pk PRIMARY KEY (instance, number, batch)
);

-- Purses that somebody waits for.
CREATE TABLE recalls (
    purse TEXT NOT NULL,
    CONSTRAINT recalls_pk PRIMARY KEY (purse)
);

CREATE TABLE settlements (
    generation_id         TEXT   NOT NULL,
    batch                 BIGINT NOT NULL,
    account               TEXT   NOT NULL,
    key_id                TEXT   NOT NULL,
    provider              TEXT,
    charge_nanos          BIGINT NOT NULL,
    overrun_nanos         BIGINT NOT NULL,
    insurance_nanos       BIGINT NOT NULL,
    failed_attempts_nanos BIGINT NOT NULL,
    shares_json           TEXT   NOT NULL,
    price_json            TEXT,
    CONSTRAINT settlements_pk PRIMARY KEY (generation_id)
);

CREATE INDEX settlements_by_batch ON settlements (batch);

-- Where the chain of batches ends. Whoever adds a batch holds this row until it commits, so that
-- numbers have no gaps, and a lower one never appears after a higher.
CREATE TABLE ledger_head (
    one  BIGINT NOT NULL,
    seq  BIGINT NOT NULL,
    hash TEXT   NOT NULL,
    CONSTRAINT ledger_head_pk PRIMARY KEY (one),
    CONSTRAINT ledger_head_is_one CHECK (one = 1)
);

INSERT INTO ledger_head (one, seq, hash) VALUES (1, 0, '');

CREATE TABLE ledger_batches (
    seq   BIGINT NOT NULL,
    kind  TEXT   NOT NULL,
    note  TEXT   NOT NULL,
    at_ms BIGINT NOT NULL,
    hash  TEXT   NOT NULL,
    CONSTRAINT ledger_batches_pk PRIMARY KEY (seq),
    CONSTRAINT ledger_batches_kind_is_known
        CHECK (kind IN ('settle', 'grant', 'payment', 'refund', 'dispute'))
);

CREATE TABLE ledger_entries (
    batch        BIGINT NOT NULL,
    account      TEXT   NOT NULL,
    amount_nanos BIGINT NOT NULL,
    CONSTRAINT ledger_entries_pk PRIMARY KEY (batch, account)
);

CREATE INDEX ledger_entries_by_account ON ledger_entries (account, batch);

CREATE TABLE ledger_balances (
    account       TEXT   NOT NULL,
    balance_nanos BIGINT NOT NULL,
    CONSTRAINT ledger_balances_pk PRIMARY KEY (account)
);

-- A payment and what the processor last said of it. What is booked follows what it says.
CREATE TABLE payments (
    id              TEXT   NOT NULL,
    processor       TEXT   NOT NULL,
    reference       TEXT,
    account         TEXT   NOT NULL,
    credit_nanos    BIGINT NOT NULL,
    fee_nanos       BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    paid            BIGINT NOT NULL,
    refunded_nanos  BIGINT NOT NULL,
    disputed_nanos  BIGINT NOT NULL,
    created_ms      BIGINT NOT NULL,
    looked_ms       BIGINT NOT NULL,
    CONSTRAINT payments_pk PRIMARY KEY (id),
    CONSTRAINT payments_by_reference UNIQUE (processor, reference),
    CONSTRAINT payments_state_is_known
        CHECK (state IN ('open', 'paid', 'expired')),
    CONSTRAINT payments_paid_is_truth CHECK (paid IN (0, 1)),
    CONSTRAINT payments_amounts_are_not_negative
        CHECK (0 < credit_nanos AND 0 <= fee_nanos AND 0 <= refunded_nanos AND 0 <= disputed_nanos)
);

CREATE INDEX payments_by_state ON payments (state, created_ms);

CREATE VIEW v_entry AS
SELECT batches.seq AS batch, batches.kind, batches.note, batches.at_ms, entries.account,
       entries.amount_nanos
  FROM ledger_batches batches
  JOIN ledger_entries entries ON entries.batch = batches.seq;

CREATE VIEW v_settlement AS
SELECT generation_id, batch, account, key_id, provider, charge_nanos, overrun_nanos,
       insurance_nanos, failed_attempts_nanos,
       charge_nanos + overrun_nanos + insurance_nanos + failed_attempts_nanos AS owed_nanos
  FROM settlements;

CREATE VIEW v_lease AS
SELECT leases.instance, leases.number, leases.purse, leases.granted_nanos, leases.settled_nanos,
       leases.returned_nanos, leases.remainder_nanos, leases.revoked, instances.epoch,
       instances.gone AS instance_gone
  FROM leases
  LEFT JOIN instances ON instances.id = leases.instance;

CREATE VIEW v_usage AS
SELECT generations.id AS generation_id, generations.created_ms, settlements.account,
       generations.key_id, generations.model, generations.endpoint, generations.provider,
       generations.outcome, generations.prompt_tokens, generations.completion_tokens,
       generations.cost_nanos, settlements.batch
  FROM generations
  LEFT JOIN settlements ON settlements.generation_id = generations.id;

CREATE VIEW v_payment AS
SELECT id, processor, reference, account, credit_nanos, fee_nanos, state, paid, refunded_nanos,
       disputed_nanos, created_ms
  FROM payments;

-- One row for each rule of the books, with how many rows break it. All must be 0. The chain of
-- hashes is checked by `interline ledger audit`, which reads this view, too.
CREATE VIEW v_audit AS
SELECT 'every batch sums to zero' AS rule, COUNT(*) AS broken
  FROM (SELECT batch FROM ledger_entries GROUP BY batch HAVING SUM(amount_nanos) <> 0) AS b
UNION ALL
SELECT 'every balance is the sum of its entries', COUNT(*)
  FROM (SELECT account FROM (
          SELECT account, amount_nanos FROM ledger_entries
          UNION ALL
          SELECT account, -balance_nanos FROM ledger_balances) AS sides
         GROUP BY account HAVING SUM(amount_nanos) <> 0) AS b
UNION ALL
SELECT 'every batch is numbered after the one before', COUNT(*)
  FROM ledger_batches
 WHERE seq <> 1
   AND NOT EXISTS (SELECT 1 FROM ledger_batches AS earlier
                    WHERE earlier.seq = ledger_batches.seq - 1)
UNION ALL
SELECT 'every entry and every settlement belongs to a batch', COUNT(*)
  FROM (SELECT batch FROM ledger_entries UNION SELECT batch FROM settlements) AS used
 WHERE NOT EXISTS (SELECT 1 FROM ledger_batches WHERE seq = used.batch)
UNION ALL
SELECT 'what settlements say is what was entered', COUNT(*)
  FROM (SELECT batch, account FROM (
          SELECT batch, 'credit:' || account AS account, charge_nanos AS nanos FROM settlements
          UNION ALL SELECT batch, 'expense:overrun', overrun_nanos FROM settlements
          UNION ALL SELECT batch, 'expense:insurance', insurance_nanos FROM settlements
          UNION ALL SELECT batch, 'expense:failed_attempts', failed_attempts_nanos FROM settlements
          UNION ALL
          SELECT batch, 'payable:' || COALESCE(provider, 'nobody'),
                 -(charge_nanos + overrun_nanos + insurance_nanos + failed_attempts_nanos)
            FROM settlements
          UNION ALL
          SELECT entries.batch, entries.account, -entries.amount_nanos
            FROM ledger_entries entries
            JOIN ledger_batches batches ON batches.seq = entries.batch
           WHERE batches.kind = 'settle') AS sides
         GROUP BY batch, account HAVING SUM(nanos) <> 0) AS b
UNION ALL
SELECT 'what an account has is what was entered for it', COUNT(*)
  FROM (SELECT account FROM (
          SELECT SUBSTR(purse, 9) AS account, filled_nanos - spent_nanos AS nanos
            FROM purses WHERE purse LIKE 'account:%'
          UNION ALL
          SELECT SUBSTR(account, 8), balance_nanos FROM ledger_balances
           WHERE account LIKE 'credit:%') AS sides
         GROUP BY account HAVING SUM(nanos) <> 0) AS b
UNION ALL
SELECT 'what a key has spent is what was settled for it', COUNT(*)
  FROM (SELECT key_id FROM (
          SELECT key_id, charge_nanos AS nanos FROM settlements
          UNION ALL
          SELECT SUBSTR(purse, 5, LENGTH(purse) - 10), opening_nanos - spent_nanos
            FROM purses WHERE purse LIKE 'key:%:total') AS sides
         GROUP BY key_id HAVING SUM(nanos) <> 0) AS b
UNION ALL
SELECT 'every lease has what was drawn and returned, and the rest', COUNT(*)
  FROM leases
 WHERE settled_nanos <> COALESCE((SELECT SUM(amount_nanos) FROM lease_draws
                                   WHERE lease_draws.instance = leases.instance
                                     AND lease_draws.number = leases.number), 0)
    OR remainder_nanos <> CASE WHEN 0 < granted_nanos - settled_nanos - returned_nanos
                               THEN granted_nanos - settled_nanos - returned_nanos ELSE 0 END
UNION ALL
SELECT 'no lease is overdrawn unless it was revoked', COUNT(*)
  FROM leases
 WHERE revoked = 0 AND granted_nanos < settled_nanos + returned_nanos
UNION ALL
SELECT 'no more is leased of an account than it has, nothing revoked or disputed', COUNT(*)
  FROM purses
 WHERE purse LIKE 'account:%'
   AND filled_nanos - spent_nanos < (SELECT COALESCE(SUM(remainder_nanos), 0) FROM leases
                                      WHERE leases.purse = purses.purse AND 0 < remainder_nanos)
   AND 0 < (SELECT COALESCE(SUM(remainder_nanos), 0) FROM leases
             WHERE leases.purse = purses.purse AND 0 < remainder_nanos)
   AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.purse = purses.purse AND revoked = 1)
   AND NOT EXISTS (SELECT 1 FROM payments
                    WHERE 'account:' || payments.account = purses.purse AND 0 < disputed_nanos)
UNION ALL
SELECT 'every settlement has its record, at the same cost', COUNT(*)
  FROM settlements
  LEFT JOIN generations ON generations.id = settlements.generation_id
 WHERE generations.id IS NULL OR generations.cost_nanos <> settlements.charge_nanos
UNION ALL
SELECT 'every payment is entered as the processor says', COUNT(*)
  FROM (SELECT note FROM (
          SELECT id AS note, account,
                 CASE WHEN paid = 1 THEN credit_nanos ELSE 0 END - refunded_nanos - disputed_nanos
                   AS nanos
            FROM payments
          UNION ALL
          SELECT batches.note, SUBSTR(entries.account, 8), entries.amount_nanos
            FROM ledger_entries entries
            JOIN ledger_batches batches ON batches.seq = entries.batch
           WHERE batches.kind IN ('payment', 'refund', 'dispute')
             AND entries.account LIKE 'credit:%') AS sides
         GROUP BY note, account HAVING SUM(nanos) <> 0) AS b;
