import { hash } from "node:crypto";

/** The namespace of all ids that are made here. Another one would store every line that is loaded again a second time. */
const NAMESPACE = Buffer.from("5d0f6a0e8f6b4c1f9f0a3d7c2b61e984", "hex");

/** The id of a line by its place. @param name of the file, without its folder and `.gz` */
export function toLineId(name: string, number: number): string {
  return toUuid(`line:${name}:${number}`);
}

/** The id of a line by a value that identifies it. @param source the pipeline or shared queue that takes the file */
export function toValueId(source: string, value: string): string {
  return toUuid(`value:${source}:${value}`);
}

/** A UUID of version 5: https://www.rfc-editor.org/rfc/rfc9562#section-5.5 */
function toUuid(name: string): string {
  const bytes = hash("sha1", Buffer.concat([NAMESPACE, Buffer.from(name, "utf8")]), "buffer");
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex", 0, 16).replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
