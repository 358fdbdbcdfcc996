import type { Sensitive } from "../masking/sensitive.ts";
import type { RowKey } from "../rows/masked-row.ts";

/** A parsed message: its key is open, every other value from its body is sensitive. */
export interface Message {
  readonly kind: "message";
  readonly key: RowKey;
  /** One value for each column of the pipeline, in its order; null for the date column, whose value is in the key. */
  readonly values: Sensitive<readonly (string | null)[]>;
  /** Names in the body that the pipeline does not declare. A name can be personal, too. */
  readonly unknownFields: Sensitive<readonly string[]>;
}
