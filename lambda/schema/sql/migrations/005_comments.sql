-- Up Migration
-- What analysts read in their tools. A comment that an existing user_logins already has is kept.
DO $comments$
DECLARE
  target constant regclass := 'user_logins';
  missing record;
BEGIN
  IF obj_description(target, 'pg_class') IS NULL THEN
    COMMENT ON TABLE user_logins IS 'Rows of pipeline user-logins, one for each message.';
  END IF;
  FOR missing IN
    SELECT attname, comment
    FROM pg_attribute
    JOIN (VALUES
      ('user_id', 'Field user_id.'),
      ('device_type', 'Field device_type.'),
      ('masked_ip', 'Token of field ip as address: equal values have equal tokens. Identifier ip, domain main.'),
      ('masked_device_id', 'Token of field device_id as text: equal values have equal tokens. Identifier device_id, domain main.'),
      ('locale', 'Field locale.'),
      ('app_version', 'Field app_version.'),
      ('create_date', 'Date of field create_date in UTC; if absent, the day on which the message was sent.'),
      ('message_id', 'Id of the message; with the date the unique key.')
    ) AS described (name, comment) ON name = attname
    WHERE attrelid = target AND NOT attisdropped AND col_description(target, attnum) IS NULL
  LOOP
    EXECUTE format('COMMENT ON COLUMN user_logins.%I IS %L', missing.attname, missing.comment);
  END LOOP;
END
$comments$;

COMMENT ON TABLE rejections IS 'Why messages could not be stored: a row for each delivery of such a message. No column holds a value of a message.';
COMMENT ON COLUMN rejections.at IS 'Time at which the row was written.';
COMMENT ON COLUMN rejections.pipeline IS 'Pipeline of the message; of one that belongs to none, the queue.';
COMMENT ON COLUMN rejections.message_id IS 'Id that SQS gave the message.';
COMMENT ON COLUMN rejections.code IS 'Reason of the rejection; docs/operate.md lists the codes.';
COMMENT ON COLUMN rejections.field IS 'Field or column that the reason concerns.';
COMMENT ON COLUMN rejections.sqlstate IS 'SQLSTATE, if Postgres refused the row.';
COMMENT ON COLUMN rejections.receive_count IS 'Number of deliveries of the message so far, this one included.';
COMMENT ON VIEW rejected_messages IS 'Messages that could not be stored, one row each, with the latest reason. A message may have been stored since.';

COMMENT ON TABLE mask_keys IS 'The proof of the key that masked the rows, for each identifier. The key cannot be computed from it.';
COMMENT ON COLUMN mask_keys.identifier IS 'Kind of value that the key masks.';
COMMENT ON COLUMN mask_keys.version IS 'Version of the tokens.';
COMMENT ON COLUMN mask_keys.check_value IS 'HMAC of the text check under the key.';

COMMENT ON TABLE unknown_fields IS 'Fields that messages had and no pipeline declares: a row for each batch in which several messages had the field.';
COMMENT ON COLUMN unknown_fields.at IS 'Time at which the row was written.';
COMMENT ON COLUMN unknown_fields.pipeline IS 'Pipeline of the messages.';
COMMENT ON COLUMN unknown_fields.field IS 'Path of the field; its value is never stored.';
COMMENT ON COLUMN unknown_fields.messages IS 'Number of messages in the batch that had the field.';
