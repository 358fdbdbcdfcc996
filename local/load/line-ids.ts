import { hash } from "node:crypto";

/** The namespace of all ids that are made here. Another one would store every line that is loaded again a second time. */
const NAMESPACE = Buffer.from("5d0f6a0e8f6b4c1f9f0a3d7c2b61e984", "hex");

/** The id of a line by its place. @param name of the file, without its folder and `.gz` */
export function toLineId(name: string, number: number): string {
  return toUuid(`line:${name}:${number}`);
}

/** The id of a line by a value that identifies it. @param pipeline that takes the line, alone or on a shared queue */
export function toValueId(pipeline: string, value: string): string {
  return toUuid(`value:${pipeline}:${value}`);
}

/** A UUID of version 5: https://www.rfc-editor.org/rfc/rfc9562#section-5.5 */
function toUuid(name: string): string {
  const hex = hash("sha1", Buffer.concat([NAMESPACE, Buffer.from(name, "utf8")]));
  const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) & 3);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
