-- Up Migration
-- For each kind of thing that is masked, proof of the key that masked the rows: HMAC(key, "check"). Nobody can compute the key from it.
CREATE TABLE mask_keys (
  identifier  text PRIMARY KEY,
  version     text NOT NULL,
  check_value text NOT NULL
);
