-- What is only ever added to can be neither changed nor taken away.

CREATE FUNCTION interline_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME;
END $$;

CREATE TRIGGER settlements_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON settlements
FOR EACH STATEMENT EXECUTE FUNCTION interline_only_added_to();

CREATE TRIGGER lease_draws_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON lease_draws
FOR EACH STATEMENT EXECUTE FUNCTION interline_only_added_to();

CREATE TRIGGER ledger_entries_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION interline_only_added_to();

CREATE TRIGGER ledger_batches_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_batches
FOR EACH STATEMENT EXECUTE FUNCTION interline_only_added_to();
