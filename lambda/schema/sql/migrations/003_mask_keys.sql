-- Up Migration
-- For each masked identifier, the proof of the key that masked the rows: HMAC(key, "check"). The key cannot be computed from it.
CREATE TABLE mask_keys (
  identifier  text PRIMARY KEY,
  version     text NOT NULL,
  check_value text NOT NULL
);
