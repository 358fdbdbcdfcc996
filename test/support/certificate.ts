import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** The key and certificate of a TLS server, and the authority by which a client trusts it; all PEM. */
interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  readonly authority: string;
}

/** Creates a certificate for `localhost`, signed by a new authority: Node creates keys, but no certificates. */
export function certificateForLocalhost(): ServerCertificate {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = toName("Masqueue test authority");
  const isAuthority = extension(OID.basicConstraints, sequence(boolean(true)));
  const isLocalhost = extension(OID.subjectAltName, sequence(der(0x82, Buffer.from("localhost"))));
  return {
    key: String(server.privateKey.export({ type: "pkcs8", format: "pem" })),
    cert: certificate(issuer, toName("localhost"), server.publicKey, isLocalhost, authority.privateKey),
    authority: certificate(issuer, issuer, authority.publicKey, isAuthority, authority.privateKey),
  };
}

/** https://www.rfc-editor.org/rfc/rfc5280#section-4.1 */
function certificate(issuer: Buffer, subject: Buffer, key: KeyObject, extension: Buffer, signer: KeyObject): string {
  const version = der(0xa0, der(0x02, Buffer.of(2)));
  const serial = der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)]));
  const algorithm = sequence(OID.ecdsaWithSha256);
  const validity = sequence(time("20000101000000Z"), time("21000101000000Z"));
  const publicKey = key.export({ type: "spki", format: "der" });
  const extensions = der(0xa3, sequence(extension));
  const body = sequence(version, serial, algorithm, issuer, validity, subject, publicKey, extensions);
  const signed = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.of(0), sign("sha256", body, signer)])));
  return `-----BEGIN CERTIFICATE-----\n${signed.toString("base64").replace(/.{64}(?=.)/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

const OID = {
  basicConstraints: der(0x06, Buffer.from("551d13", "hex")),
  subjectAltName: der(0x06, Buffer.from("551d11", "hex")),
  commonName: der(0x06, Buffer.from("550403", "hex")),
  ecdsaWithSha256: der(0x06, Buffer.from("2a8648ce3d040302", "hex")),
};

function toName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(OID.commonName, der(0x0c, Buffer.from(commonName)))));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, boolean(true), der(0x04, value));
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.of(value ? 0xff : 0));
}

function time(text: string): Buffer {
  return der(0x18, Buffer.from(text));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

/** Tag, length, value: https://www.itu.int/rec/T-REC-X.690 */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const bytes = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...bytes), value]);
}
