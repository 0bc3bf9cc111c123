-- Rows that a database at version 2 may hold.
INSERT INTO generations VALUES ('gen-1700000000-0ld', 1700000000000, '0ld', 'x/m', 'there/m', 'there', 'There', 'finished', 1, 2, 9, 0, '{"input":1,"output":2}', '{}');
