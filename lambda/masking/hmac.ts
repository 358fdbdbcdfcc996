import { hash, type KeyObject } from "node:crypto";

/** Of SHA-256, in bytes. */
const BLOCK = 64;
const DIGEST = 32;

/** Longest message for which memory is kept ready; hardly a field is longer. */
const USUAL = 256;

/**
 * HMAC-SHA-256 under one key, as RFC 2104 defines it: two one-shot hashes in memory that is used again. `createHmac` makes objects
 * for each value that cost more than the hashing (docs/decisions.md).
 */
export class HmacSha256 {
  /** Where a message begins in the memory that {@link room} gives. */
  static readonly START = BLOCK;

  readonly #inner: Buffer;
  readonly #outer: Buffer;
  /** The beginnings of `inner`, by their length. */
  readonly #beginnings: Buffer[] = [];

  constructor(key: KeyObject) {
    const secret = key.export();
    const block = Buffer.alloc(BLOCK);
    block.set(secret.length > BLOCK ? hash("sha256", secret, "buffer") : secret);
    this.#inner = Buffer.concat([block.map((byte) => byte ^ 0x36), Buffer.alloc(USUAL)]);
    this.#outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), Buffer.alloc(DIGEST)]);
  }

  /** Memory for a message of at most so many bytes; the next call may give the same again. */
  room(bytes: number): Buffer {
    return bytes <= USUAL ? this.#inner : Buffer.concat([this.#inner.subarray(0, BLOCK), Buffer.alloc(bytes)]);
  }

  /** The HMAC, in lower-case hex, of what stands in a room from {@link START} up to `end`. */
  hex(room: Buffer, end: number): string {
    const whole = room === this.#inner ? this.#beginning(end) : room.subarray(0, end);
    this.#outer.write(hash("sha256", whole, "binary"), BLOCK, "binary");
    return hash("sha256", this.#outer, "hex");
  }

  #beginning(end: number): Buffer {
    this.#beginnings[end] ??= this.#inner.subarray(0, end);
    return this.#beginnings[end];
  }
}
