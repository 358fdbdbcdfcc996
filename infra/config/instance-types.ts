import { type Form, text } from "./forms.ts";

const FIRST = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];
const LATEST = [...FIRST, "24xlarge", "48xlarge"];

/** Graviton families that RDS for PostgreSQL 18 has, each with its sizes. https://aws.amazon.com/rds/instance-types/ */
export const INSTANCE_TYPES: Readonly<Record<string, readonly string[]>> = {
  t4g: ["micro", "small", "medium", "large", "xlarge", "2xlarge"],
  m6g: FIRST,
  m6gd: FIRST,
  m7g: FIRST,
  m8g: LATEST,
  m8gd: LATEST,
  r6g: FIRST,
  r6gd: FIRST,
  r7g: FIRST,
  r8g: LATEST,
  r8gd: LATEST,
  x2g: FIRST,
};

const families = Object.entries(INSTANCE_TYPES);

export const instanceType: Form<string> = text(
  new RegExp(`^(${families.map(([family, sizes]) => `${family}\\.(${sizes.join("|")})`).join("|")})$`),
  `without db. before it, ${families.map(([family, sizes]) => `${family}.${sizes[0]} to ${family}.${sizes.at(-1)}`).join(", ")}`,
);
