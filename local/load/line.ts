/** What becomes one message: a line of text, an element of an array, or a record of a CSV file. */
export interface Line {
  /** Its number in the file, from 1; a record of several lines has the number of the last of them. */
  readonly number: number;
  /** Its text in the file. */
  readonly raw: string;
  /** The body of its message; undefined for a record that has not as many cells as the header. */
  readonly body: string | undefined;
}

/** Characters. SQS takes a megabyte, so a longer line is a mistake, and it must not fill the memory. */
export const MAX_LENGTH = 16 * 1024 * 1024;
