-- Rows that a database at version 1 may hold.
INSERT INTO api_keys VALUES ('0ld', 'old', 'sk-...', 7, 'monthly', 0, NULL, 1700000000000, NULL);
INSERT INTO key_spend VALUES ('0ld', 1795521600000, 100, 1795478400000, 10, 1795392000000, 20, 1793491200000, 30);
INSERT INTO settings VALUES ('pepper', 'x');
