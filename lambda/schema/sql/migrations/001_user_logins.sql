-- Up Migration
CREATE TABLE IF NOT EXISTS user_logins (
  user_id          varchar(128),
  device_type      varchar(32),
  masked_ip        varchar(256),
  masked_device_id varchar(256),
  locale           varchar(32),
  app_version      varchar(32),
  create_date      date NOT NULL,
  message_id       text COLLATE "C" NOT NULL,
  UNIQUE (create_date, message_id)
);

-- An existing table is kept with its rows and upgraded: the legacy table has an integer app_version, no key, and rows without a date.
-- A constraint that its old rows cannot satisfy applies to new rows only.
DO $upgrade$
DECLARE
  target constant regclass := 'user_logins';
  viewers text;
BEGIN
  IF (SELECT atttypid FROM pg_attribute WHERE attrelid = target AND attname = 'app_version') NOT IN ('varchar'::regtype, 'text'::regtype) THEN
    SELECT string_agg(DISTINCT r.ev_class::regclass::text, ', ') INTO viewers
    FROM pg_depend d
    JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = target AND a.attname = 'app_version';
    IF viewers IS NOT NULL THEN
      RAISE EXCEPTION USING
        ERRCODE = 'dependent_objects_still_exist',
        MESSAGE = format('column user_logins.app_version must change from integer to varchar(32), but a view depends on it: %s', viewers),
        HINT = 'Drop the view, migrate, and create it again.';
    END IF;
    ALTER TABLE user_logins ALTER COLUMN app_version TYPE varchar(32) USING app_version::varchar(32);
  END IF;

  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'message_id' AND NOT attisdropped) THEN
    ALTER TABLE user_logins ADD COLUMN message_id text COLLATE "C";
    ALTER TABLE user_logins ADD UNIQUE (create_date, message_id);
    ALTER TABLE user_logins ADD CONSTRAINT user_logins_key_present CHECK (create_date IS NOT NULL AND message_id IS NOT NULL) NOT VALID;
  END IF;
END
$upgrade$;
