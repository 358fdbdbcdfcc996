-- Up Migration
GRANT INSERT ON unknown_fields TO masqueue_ingest;
