import { isIP } from "node:net";

/** A kind of personal value: how it is recognised, and how it is masked. */
export interface PersonalKind {
  /** The identifier of its tokens: equal values in two tables can be joined if the identifier is the same. */
  readonly identifier: string;
  /** In words, in the plural. */
  readonly title: string;
  readonly form: "ip" | "exact" | "caseless" | "digits";
  /** Matches names of such fields: paths as {@link toWords} writes them. */
  readonly names: RegExp;
  /** Whether a trimmed text can only be such a value. */
  readonly looks?: (text: string) => boolean;
  /** The share of other values that look so by chance. @default 0 */
  readonly chance?: number;
  /** The values tell more than any name does. */
  readonly isSure?: boolean;
  /** An invented value. */
  readonly sample: string;
}

const like = (pattern: RegExp) => (text: string) => pattern.test(text);

/** Tried in this order, so a pattern may take what a later one takes, too (`mac_address`, `address`). */
const PERSONAL_KINDS: readonly PersonalKind[] = [
  {
    ...{ identifier: "ip", title: "IP addresses", form: "ip", isSure: true, sample: "192.0.2.1" },
    names: /(^|_)ip(v|_?addr(ess)?)?(_|$)|(client|remote|user|source)_?ip|remote_?addr|forwarded_?for/,
    looks: (text) => isIP(text) !== 0,
  },
  {
    ...{ identifier: "email", title: "e-mail addresses", form: "caseless", isSure: true, sample: "someone@example.org" },
    names: /e_?mail|(^|_)mail(_|$)/,
    looks: like(/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/),
  },
  {
    ...{ identifier: "mac_address", title: "hardware addresses", form: "caseless", sample: "00:00:5e:00:53:01" },
    names: /(^|_)mac(_?addr(ess)?)?(_|$)/,
    looks: like(/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i),
  },
  {
    ...{ identifier: "advertising_id", title: "advertising ids", form: "caseless", sample: "advertising-id-1" },
    names: /(^|_)(idf[av]|gaid|aaid)(_|$)|advertis(ing|er)_?id|(^|_)ad_?id$/,
  },
  {
    ...{ identifier: "device_id", title: "device ids", form: "exact", sample: "invented-device-1" },
    names:
      /(device|install(ation)?|machine|hardware)_?(uu|gu)?id|(device|hardware)_?(identifier|serial|fingerprint)|(^|_)(imei|imsi|iccid|udid|fingerprint)(_|$)/,
  },
  {
    ...{ identifier: "session_id", title: "ids of sessions or visitors", form: "exact", sample: "invented-session-1" },
    names: /(session|visitor|cookie|tracking|anonymous)(_?(id|key))?/,
  },
  {
    ...{ identifier: "national_id", title: "national ids", form: "caseless", sample: "invented-national-id-1" },
    names:
      /passport|(national|tax|identity|personal|citizen)_?(id|number|no|code|card)|social_?security|driv(ing|ers?)_?licen[cs]e|(^|_)(ssn|sin|nino?|pesel|cpf|curp|dni|bsn|aadhaar|vat_?id|tin|nhs|medicare|mrn|insurance_?(no|number))(_|$)/,
    looks: like(/^\d{3}-\d{2}-\d{4}$|^756(\.\d{4}){2}\.\d{2}$/),
  },
  {
    ...{ identifier: "iban", title: "IBANs", form: "caseless", sample: "XX00 0000 0000 0000 0000 00" },
    names: /iban(_|$)/,
    looks: isIban,
  },
  {
    ...{ identifier: "bank_account", title: "bank accounts", form: "exact", sample: "invented-account-1" },
    names: /bank_?account|account_?(number|no)$|routing_?(number|no)|sort_?code/,
  },
  {
    ...{ identifier: "card_number", title: "card numbers", form: "digits", chance: 0.3, sample: "4111 1111 1111 1111" },
    names: /(^|_)(card|pan)(_|$)|card_?(number|no|num)/,
    looks: isCardNumber,
  },
  {
    ...{ identifier: "phone", title: "telephone numbers", form: "digits", sample: "+1 202 555 0143" },
    names: /(phone|mobile|msisdn|whatsapp|(^|_)(tel|cell|handy|fax|sms)(?=_|$))(_?(number|no|nr))?/,
    looks: isPhone,
  },
  {
    ...{ identifier: "birth_date", title: "dates of birth", form: "exact", sample: "1901-02-03" },
    names: /birth(_?(day|date|year|place))?|geburt\w*|(^|_)(dob|d_o_b|born)(_|$)/,
  },
  {
    ...{ identifier: "licence_plate", title: "licence plates", form: "caseless", sample: "INVENTED 1" },
    names: /(^|_)(licen[cs]e_?|number_?)?plate(_?(number|no))?(_|$)/,
  },
  {
    ...{ identifier: "user_agent", title: "user agents", form: "exact", sample: "Mozilla/5.0 (Invented)" },
    names: /user_?agent|(^|_)ua(_|$)/,
    looks: like(/^(Mozilla|Opera|Dalvik|okhttp)\//),
  },
  {
    ...{ identifier: "geo_position", title: "positions", form: "exact", sample: "1.25,103.75" },
    names: /(^|_)(lat|lon|lng|long|latitude|longitude|coord(inate)?s?|geo(hash|point)?|gps|location)(_|$)/,
    looks: like(/^-?\d{1,2}\.\d{2,}[,; ]\s*-?\d{1,3}\.\d{2,}$/),
  },
  {
    ...{ identifier: "address", title: "parts of an address", form: "caseless", sample: "Invented Street 1" },
    names:
      /address|street|(^|_)(addr|city|town|suburb|district|zip|zip_?code|post_?code|postal|postal_?code|house_?(number|no)|apartment)(_|$)/,
  },
  {
    ...{ identifier: "username", title: "user names", form: "caseless", sample: "invented-user-1" },
    names: /user_?name|screen_?name|nick_?name|(^|_)(login|nick|handle)(_|$)|(^|_)(user|author)$/,
  },
  {
    ...{ identifier: "name", title: "names of persons", form: "caseless", sample: "Someone Invented" },
    names: new RegExp(
      "(first|last|full|given|family|middle|maiden|sur|fore|legal|display)_?name|_by$|(^|_)(surname|holder|contact|recipient|beneficiary|" +
        "customer|client|patient|employee|driver|courier|passenger|guest|seller|buyer|cashier|manager|agent|assignee|owner|sender)$|" +
        // `product_name` names a thing; a name of which that is not certain may name a person.
        "(?<!(product|item|sku|article|event|app|application|brand|category|plan|campaign|page|screen|feature|shop|store|file|browser|os|model|host|domain|country|currency|role|carrier|warehouse)_?)name(_|$)",
    ),
  },
];

/** Names of secrets; a token of a secret serves no one. */
const SECRETS =
  /pass_?(word|wd|phrase|code)|(^|_)(passwd|pwd|secrets?|tokens?|pin|cvv|cvc|otp|jwt|auth|authorization|credentials?|cookies?|signature)(_|$)|(api|private|access)_?key/;
/** A JSON Web Token. */
const JWT = /^eyJ[\w-]+\.eyJ/;

/** `address_type` says something about an address; it is none. */
const NEUTRAL_END =
  /_(id|type|kind|status|state|count|country|country_?code|currency|locale|language|version|verified|valid|model|brand|network|scheme|os|platform|method|provider|channel|format|at|on|time|date|ts|timestamp)$/;

/** A path in lower-case words, without digits: `customer.lastName2` is `customer_last_name`. */
export function toWords(path: string): string {
  return toSnakeCase(path).replace(/\d+/g, "").replace(/_+/g, "_").replace(/^_|_$/g, "");
}

/** `customer.lastName` is `customer_last_name`. */
export function toSnakeCase(path: string): string {
  const words = path.replace(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3_$2").replace(/\W+/g, "_");
  return words.toLowerCase().replace(/^_+|_+$/g, "");
}

/** Whether the values of a field, or its name, are those of a secret. */
export function isSecret(path: string, texts: readonly string[]): boolean {
  return SECRETS.test(toWords(path)) || texts.some(like(JWT));
}

/** A kind of personal value, and how it was recognised: by the name, by all values, or only by some. */
export interface Finding {
  readonly kind: PersonalKind;
  readonly by: "name" | "values" | "some values";
}

/**
 * Recognises a personal field.
 * @param texts its values, trimmed
 * @param isNumber whether all values are numbers; the texts are then their digits
 */
export function findPersonal(path: string, texts: readonly string[], isNumber: boolean): Finding | undefined {
  const byValues = PERSONAL_KINDS.flatMap((kind): Finding[] => {
    const { looks, chance = 0 } = kind;
    const share = looks ? texts.filter(looks).length / texts.length : 0;
    return share > chance ? [{ kind, by: share === 1 ? "values" : "some values" }] : [];
  });
  const named = PERSONAL_KINDS.find(({ names }) => isNamed(toWords(path), names, isNumber));
  const sure = byValues.find(({ kind, by }) => kind.isSure && by === "values");
  return sure ?? (named ? { kind: named, by: "name" } : byValues[0]);
}

/** A number is personal only if its name ends so: `phone`, but not `phone_minutes`. */
function isNamed(words: string, names: RegExp, isNumber: boolean): boolean {
  if (new RegExp(`(${names.source})$`).test(words)) return true;
  return !isNumber && names.test(words) && !NEUTRAL_END.test(words);
}

/** With a country code, in groups, or digits after a 0 as they are dialled; of E.164's length. */
function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, "").length;
  const isGrouped =
    /^(\+|00)[1-9][\d\s()./-]+$|^0\d[\d ()./-]*[ )/-][\d -]{4,}$|^\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}$|^(0\d{8,14}|\+\d{9,15})$/.test(text);
  return isGrouped && digits >= 7 && digits <= 17;
}

/** ISO 13616: the remainder of its digits by 97 is 1. */
function isIban(text: string): boolean {
  const bare = text.replaceAll(" ", "").toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z\d]{10,30}$/.test(bare)) return false;
  const digits = `${bare.slice(4)}${bare.slice(0, 4)}`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n;
}

/** ISO 7812: the Luhn check digit, which one number in ten has by chance. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  if (!/^[2-6]\d{12,18}$/.test(digits)) return false;
  const sum = Array.from(digits, Number)
    .reverse()
    .reduce((total, digit, i) => total + (i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit), 0);
  return sum % 10 === 0;
}
