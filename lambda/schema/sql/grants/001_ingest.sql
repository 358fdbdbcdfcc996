-- Up Migration
-- All privileges of the ingest role, granted by the owner of the tables. The role cannot read the rows that it has written.
GRANT INSERT ON user_logins, rejections TO masqueue_ingest;

-- ON CONFLICT with a target and RETURNING need these columns and no others.
GRANT SELECT (create_date, message_id) ON user_logins TO masqueue_ingest;

-- The first container registers the proof of its key. The role can add a proof for a new identifier and change none.
GRANT SELECT, INSERT ON mask_keys TO masqueue_ingest;
