import { caseless, digits, exact, ip, type Pipeline } from "../../lambda/pipelines/pipeline.ts";
import type { PersonalKind } from "./personal.ts";

/** Writes the mask of a kind of value as a declaration has it: `ip`, `caseless("email")`. */
export type MaskWriter = (kind: PersonalKind) => string;

const FORMS = { ip: ip.form, exact: exact("").form, caseless: caseless("").form, digits: digits("").form };

/** An identifier keeps the form in which the tables that there are mask it: otherwise its tokens could not be joined. */
export function createMaskWriter(pipelines: readonly Pipeline[]): MaskWriter {
  const masked = pipelines
    .filter(({ domain }) => domain === "main")
    .flatMap(({ columns }) => columns)
    .filter((column) => column.kind === "masked");
  return ({ identifier, form }) => {
    const known = masked.find((column) => column.identifier === identifier)?.form;
    const [name] = Object.entries(FORMS).find((entry) => entry[1] === known) ?? [form];
    return name === "ip" ? name : `${name}("${identifier}")`;
  };
}
