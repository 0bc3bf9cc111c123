-- Rows that a database at version 3 may hold.
INSERT INTO kept_answers VALUES ('0ld', 'name', 'f', 'owner', NULL, 1, 'sealed', 6, 1700000000000, 1700086400000);
