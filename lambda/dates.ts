const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** `YYYY-MM-DD` of a date or an ISO 8601 timestamp, in UTC (no offset means UTC); null if it is impossible. */
export function parseDate(text: string): string | null {
  const match = ISO.exec(text);
  return match && formatDay(toMillis(match));
}

/** `YYYY-MM-DDThh:mm:ss[.ffffff]Z` of the same texts. Postgres keeps microseconds; further digits are cut. */
export function parseTimestamp(text: string): string | null {
  const match = ISO.exec(text);
  return match && writeTimestamp(toMillis(match), match[7]?.slice(0, 6));
}

/** The same of milliseconds since 1970; null for NaN and outside the years 1 to 9999. */
export function formatTimestamp(millis: number): string | null {
  const second = Math.floor(millis / 1000) * 1000;
  const micros = Math.min(Math.round((millis - second) * 1000), 999_999);
  return writeTimestamp(second, String(micros).padStart(6, "0"));
}

/** @param second in milliseconds since 1970 @param fraction its decimal digits */
function writeTimestamp(second: number, fraction = ""): string | null {
  const day = formatDay(second);
  const digits = fraction.replace(/0+$/, "");
  return day && `${day}T${new Date(second).toISOString().slice(-13, -5)}${digits && `.${digits}`}Z`;
}

/** Milliseconds since 1970, without the fraction of the second; NaN if a part is impossible. */
function toMillis(match: RegExpExecArray): number {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // A leap second (60) is a legal second of its minute.
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day);
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return Number.NaN;
  return midnight.getTime() + ((hour * 60 + minute - parseOffset(match[8])) * 60 + Math.min(second, 59)) * 1000;
}

const CALENDAR_END = Date.UTC(10_000, 0);

/** Milliseconds since 1970 in decimal digits, as SQS gives them; NaN for any other text, or after the year 9999. */
export function parseMillis(digits: string | undefined): number {
  const millis = digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN;
  return millis < CALENDAR_END ? millis : Number.NaN;
}

/** Minutes; NaN if it is impossible. */
function parseOffset(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || 0);
  if (hours > 15 || minutes > 59) return Number.NaN;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

export const DAY = 86_400_000;
/** The latest day that was formatted: a batch rarely has more than one. */
let latest: { readonly day: number; readonly text: string | null } = { day: Number.NaN, text: null };

/** `YYYY-MM-DD`, UTC, of milliseconds since 1970; null for NaN and outside the years 1 to 9999. */
export function formatDay(millis: number): string | null {
  const day = Math.floor(millis / DAY);
  if (day !== latest.day) latest = { day, text: write(new Date(millis)) };
  return latest.text;
}

/** Null outside the years 1 to 9999: ISO 8601 has four digits, and Postgres has no year 0. */
function write(date: Date): string | null {
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date.toISOString().slice(0, 10) : null;
}
