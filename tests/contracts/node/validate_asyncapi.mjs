// Reads an AsyncAPI document from standard input; prints what is wrong with it, as JSON, and exits 1 if anything is.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const text = readFileSync(0, "utf8");
const { document, diagnostics } = await new Parser().parse(text);
const wrong = diagnostics
  .filter((found) => found.severity <= 1)
  .map((found) => `${found.code} at ${found.path.join(".")}: ${found.message}`);
if (document === undefined && wrong.length === 0) wrong.push("the parser made no document of it");

// What a reader in a browser does with a pattern: Python's own escapes would fail here.
const patterns = (node) =>
  node && typeof node === "object"
    ? Object.entries(node).flatMap(([key, value]) =>
        key === "pattern" && typeof value === "string" ? [value] : patterns(value))
    : [];
for (const pattern of new Set(patterns(JSON.parse(text)))) {
  try {
    new RegExp(pattern, "u");
  } catch (error) {
    wrong.push(error.message);
  }
}

const operations = document ? document.operations().all().length : 0;
console.log(JSON.stringify({ operations, wrong }));
process.exit(wrong.length ? 1 : 0);
