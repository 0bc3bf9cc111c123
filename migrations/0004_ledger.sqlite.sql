-- What is only ever added to can be neither changed nor taken away.

CREATE TRIGGER settlements_no_update BEFORE UPDATE ON settlements
BEGIN SELECT RAISE(ABORT, 'settlements is only added to'); END;

CREATE TRIGGER settlements_no_delete BEFORE DELETE ON settlements
BEGIN SELECT RAISE(ABORT, 'settlements is only added to'); END;

CREATE TRIGGER lease_draws_no_update BEFORE UPDATE ON lease_draws
BEGIN SELECT RAISE(ABORT, 'lease_draws is only added to'); END;

CREATE TRIGGER lease_draws_no_delete BEFORE DELETE ON lease_draws
BEGIN SELECT RAISE(ABORT, 'lease_draws is only added to'); END;

CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger_entries is only added to'); END;

CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'ledger_entries is only added to'); END;

CREATE TRIGGER ledger_batches_no_update BEFORE UPDATE ON ledger_batches
BEGIN SELECT RAISE(ABORT, 'ledger_batches is only added to'); END;

CREATE TRIGGER ledger_batches_no_delete BEFORE DELETE ON ledger_batches
BEGIN SELECT RAISE(ABORT, 'ledger_batches is only added to'); END;
