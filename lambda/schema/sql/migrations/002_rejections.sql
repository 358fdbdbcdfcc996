-- Up Migration
-- One row for each delivery of a rejected message; insert only. No column holds a value of a message.
CREATE TABLE rejections (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at            timestamptz NOT NULL DEFAULT now(),
  pipeline      text NOT NULL,
  message_id    text NOT NULL,
  code          text NOT NULL,
  field         text,
  sqlstate      text,
  receive_count integer NOT NULL
);

-- One row for each rejected message, with its latest reason.
CREATE VIEW rejected_messages AS
SELECT pipeline,
       message_id,
       (array_agg(code ORDER BY id DESC))[1] AS code,
       (array_agg(field ORDER BY id DESC))[1] AS field,
       (array_agg(sqlstate ORDER BY id DESC))[1] AS sqlstate,
       count(*) AS deliveries,
       min(at) AS first_at,
       max(at) AS last_at
FROM rejections
GROUP BY pipeline, message_id;
