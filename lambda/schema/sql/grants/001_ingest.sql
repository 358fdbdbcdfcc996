-- Up Migration
-- All that the ingest role may do; run by the owner of the tables. It reads no row that it has written.
GRANT INSERT ON user_logins, rejections TO masqueue_ingest;

-- What ON CONFLICT with a target and RETURNING need, and no column more.
GRANT SELECT (create_date, message_id) ON user_logins TO masqueue_ingest;

-- The first container registers the proof of its key. It can add one for a new identifier and change none.
GRANT SELECT, INSERT ON mask_keys TO masqueue_ingest;
