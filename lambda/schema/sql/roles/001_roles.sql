-- Up Migration
-- The roles that the functions log in as. The master user (CREATEROLE and owner of the database, not a superuser) runs this once in each
-- database. By hand, if the migrate function has no master secret: psql --single-transaction -f 001_roles.sql

-- Roles belong to the server: a run for another database may have created them, or be creating them now.
DO $create$
DECLARE
  statements text[] := ARRAY['CREATE ROLE masqueue_migrate LOGIN', 'CREATE ROLE masqueue_ingest LOGIN'];
  statement text;
BEGIN
  -- On RDS and Aurora they log in by IAM and have no password.
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
    statements := statements || ARRAY['GRANT rds_iam TO masqueue_migrate', 'GRANT rds_iam TO masqueue_ingest'];
  END IF;
  FOREACH statement IN ARRAY statements LOOP
    BEGIN
      EXECUTE statement;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
END
$create$;

-- Time-outs belong to the roles, not to sessions: no SET is needed, so a pooler can stand between. They apply to this database only,
-- because two databases of a server may be migrated at once. Settings that the server is too old for are left out.
DO $timeouts$
DECLARE
  setting record;
BEGIN
  FOR setting IN
    SELECT wanted.role, wanted.name, wanted.value
    FROM (VALUES
      -- A batch that waits for a lock fails, and is retried, well within the function's time (10 s or more); a waiting session whose
      -- client is gone ends, too.
      ('masqueue_ingest', 'lock_timeout', '5s'),
      -- No client pauses within a transaction: a session that does has lost its client, and may hold locks.
      ('masqueue_ingest', 'idle_in_transaction_session_timeout', '10s'),
      ('masqueue_migrate', 'idle_in_transaction_session_timeout', '60s'),
      -- A frozen container releases its connection; a queue in use pauses for less. The next batch opens a new connection.
      ('masqueue_ingest', 'idle_session_timeout', '5min'),
      -- A dead client is detected after a minute (30 s of silence, three probes), before its messages are visible again (6 times the
      -- function's 10 s or more): an unfinished COPY obeys no other time-out and blocks the redelivery of its rows.
      ('masqueue_ingest', 'tcp_keepalives_idle', '30'),
      ('masqueue_ingest', 'tcp_keepalives_interval', '10'),
      ('masqueue_ingest', 'tcp_keepalives_count', '3'),
      ('masqueue_ingest', 'tcp_user_timeout', '60s'),
      ('masqueue_migrate', 'tcp_keepalives_idle', '30'),
      ('masqueue_migrate', 'tcp_keepalives_interval', '10'),
      ('masqueue_migrate', 'tcp_keepalives_count', '3'),
      ('masqueue_migrate', 'tcp_user_timeout', '60s')
    ) AS wanted (role, name, value)
    JOIN pg_settings ON pg_settings.name = wanted.name
  LOOP
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %I = %L', setting.role, current_database(), setting.name, setting.value);
  END LOOP;
END
$timeouts$;

DO $database$
DECLARE
  -- In a database that holds tables, others may depend on the privileges of PUBLIC; there its owner must revoke them (docs/deploy.md).
  is_new constant boolean := NOT EXISTS (
    SELECT FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND c.relname <> 'masqueue_role_migrations'
  );
BEGIN
  IF is_new THEN
    -- Before Postgres 15, everyone could create tables.
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  END IF;
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO masqueue_migrate', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO masqueue_ingest', current_database());
  -- It shows the migrate function which files of this folder have run. It is absent if this file is run by hand.
  IF to_regclass('public.masqueue_role_migrations') IS NOT NULL THEN
    GRANT SELECT ON public.masqueue_role_migrations TO masqueue_migrate;
  END IF;
END
$database$;

GRANT USAGE, CREATE ON SCHEMA public TO masqueue_migrate;
GRANT USAGE ON SCHEMA public TO masqueue_ingest;
