import { inspect } from "node:util";

/** A stage that cannot be deployed as configured. The message is one sentence that names the key, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Most errors: a key, its value and what is allowed. @param allowed completes "it must be …" */
export function mustBe(key: string, value: unknown, allowed: string): ConfigError {
  return new ConfigError(`${key} is ${show(value)}; it must be ${allowed}.`);
}

/** A value on one line, cut after 120 characters. */
export function show(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : inspect(value, { compact: true, breakLength: Number.POSITIVE_INFINITY });
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
