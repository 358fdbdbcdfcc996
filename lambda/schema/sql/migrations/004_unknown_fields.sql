-- Up Migration
-- Fields that messages had and no pipeline declares: a row for each batch in which several messages had the field. Insert only.
CREATE TABLE unknown_fields (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT now(),
  pipeline text NOT NULL,
  field    text NOT NULL,
  messages integer NOT NULL
);
