import { type CanonicalForm, text } from "./canonical.ts";

/**
 * A form that rewrites a value.
 * @param rewrite returns null if the value does not have the form
 * @param encoding of the rewritten value: text, or hex digits that stand for bytes
 */
function createRewrittenForm(tag: number, rewrite: (value: string) => string | null, encoding: "utf8" | "hex" = "utf8"): CanonicalForm {
  return {
    tag,
    write(value, into, at) {
      const rewritten = rewrite(value);
      if (rewritten === null) return text.write(value, into, at);
      into[at] = tag;
      return at + 1 + into.write(rewritten, at + 1, encoding);
    },
  };
}

/** Text in any case and any equivalent Unicode spelling: canonical caseless matching of Unicode (D145), then NFC. */
export const caseless = createRewrittenForm(0x04, (value) => foldCase(value.normalize("NFD")).normalize("NFC"));

/** A UUID as its 16 bytes: in any case, in braces, after `urn:uuid:`, and with or without a hyphen after each four digits. */
export const uuid = createRewrittenForm(0x05, parseUuid, "hex");

/** A telephone or card number as its digits, without blanks and `- . / ( ) +`. */
export const digits = createRewrittenForm(0x06, (value) => {
  const bare = value.replaceAll(/[\s./()+-]/g, "");
  return /^[0-9]+$/.test(bare) ? bare : null;
});

const FOLDS = /\p{Changes_When_Casefolded}/gu;

/**
 * Unicode's full case folding, which JavaScript lacks. Lower case keeps ß and SS apart, upper case joins them. The property excludes ı,
 * which upper case would join with i, and Cherokee capitals, which stay capitals. A single character has no final sigma.
 */
function foldCase(value: string): string {
  return value
    .replaceAll(FOLDS, (character) => character.toLowerCase().toUpperCase())
    .replaceAll(FOLDS, (character) => character.toLowerCase());
}

/** @returns its 32 hex digits, in any case; null if it is no UUID */
function parseUuid(value: string): string | null {
  const bare = /^\{(.*)\}$/.exec(value)?.[1] ?? value.replace(/^urn:uuid:/i, "");
  return /^([0-9a-f]{4}-?){7}[0-9a-f]{4}$/i.test(bare) ? bare.replaceAll("-", "") : null;
}
