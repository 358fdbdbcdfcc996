import { hash, type KeyObject } from "node:crypto";

/** The sizes of SHA-256, in bytes. */
const BLOCK = 64;
const DIGEST = 32;

/** The longest message for which memory is kept ready; few fields are longer. */
const USUAL = 1024;

/**
 * HMAC-SHA-256 under one key, as RFC 2104 defines it: two one-shot hashes in memory that is reused. `createHmac` creates objects
 * for each value, which cost more than the hashing (docs/decisions.md).
 */
export class HmacSha256 {
  /** The start of a message in the memory that {@link room} returns. */
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

  /** Returns memory for a message of at most this many bytes. The next call may return the same memory. */
  room(bytes: number): Buffer {
    return bytes <= USUAL ? this.#inner : Buffer.concat([this.#inner.subarray(0, BLOCK), Buffer.alloc(bytes)]);
  }

  /** The HMAC, in lower-case hex, of the bytes in a room from {@link START} up to but excluding `end`. */
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
