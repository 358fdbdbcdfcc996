import { createHash, createHmac } from "node:crypto";

/** A request, as far as its signature covers it. */
interface Signed {
  readonly method: string;
  readonly path: string;
  /** Decoded, without the signature itself. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `20260301T120000Z` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly secretAccessKey: string;
}

/**
 * Computes the signature of a request from AWS's definition alone; tests compare our signatures with it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function computeSignature({ method, path, query = {}, headers, body, date, region, service, secretAccessKey }: Signed): string {
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    path,
    Object.entries(query)
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&"),
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const day = date.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  );
  return hmac(key, ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n")).toString("hex");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
