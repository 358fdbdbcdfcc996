import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../..");
const pages = globSync(["*.md", "{docs,events,lambda,local,infra,bench}/**/*.md"], { cwd: ROOT }).sort();
const read = (page: string) => readFileSync(join(ROOT, page), "utf8");

/** A page without its code, in which Markdown reads no links or headings. */
const prose = (markdown: string) =>
  markdown.replaceAll(/^ *(```|~~~).*?^ *\1/gms, "").replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ""));

/** The targets of `[text](target)` and `![text](target)`, except those on other sites. */
function findTargets(markdown: string): string[] {
  const targets = [...prose(markdown).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub gives to a page's headings. */
function findAnchors(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose(markdown).matchAll(/^#{1,6} +(.*)$/gm)) {
    const anchor = heading
      .replaceAll(/\]\([^)]*\)/g, "]")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    let name = anchor;
    for (let i = 1; anchors.has(name); i++) name = `${anchor}-${i}`;
    anchors.add(name);
  }
  return anchors;
}

/** Describes a broken link; null if the target exists. */
function describeBroken(page: string, target: string): string | null {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : normalize(join(dirname(page), path));
  if (relative(ROOT, join(ROOT, file)).startsWith("..") || !existsSync(join(ROOT, file))) return `${page}: there is no ${target}`;
  if (anchor !== undefined && file.endsWith(".md") && !findAnchors(read(file)).has(anchor))
    return `${page}: ${file} has no heading #${anchor}`;
  return null;
}

test.each(pages)("%s links only to files and headings that exist", (page) => {
  const found = findTargets(read(page)).map((target) => describeBroken(page, target));
  expect(found.filter((text) => text !== null)).toEqual([]);
});

test("a broken link is found", () => {
  const links =
    "[a](docs/none.md) ![b](docs/path.svg) [c](docs/masking.md#where-keys-are) [d](docs/masking.md#none) [e](https://example.com)";
  const found = findTargets(links).map((target) => describeBroken("README.md", target));
  expect(found).toEqual(["README.md: there is no docs/none.md", null, null, "README.md: docs/masking.md has no heading #none"]);
});

test("headings get the anchors that GitHub gives them", () => {
  const page = "# Why was a message `rejected`?\n## An existing `user_logins`\n## It, and *it*\n## It, and it\n```sh\n# no heading\n```\n";
  expect([...findAnchors(page)]).toEqual(["why-was-a-message-rejected", "an-existing-user_logins", "it-and-it", "it-and-it-1"]);
});
