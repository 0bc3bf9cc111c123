-- How much a key may use in what time, as JSON rows; null where it has the limits of every key.

ALTER TABLE api_keys ADD COLUMN rates TEXT;
