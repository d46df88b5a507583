// Has AsyncAPI's own parser read deploy/asyncapi.yaml, and fails on any error.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const require = createRequire(new URL(".tools/node/", root));
const { Parser } = require("@asyncapi/parser");

const { document, diagnostics } = await new Parser().parse(readFileSync(new URL("deploy/asyncapi.yaml", root), "utf8"));
const errors = diagnostics.filter(({ severity }) => severity === 0);
for (const { path, message } of errors) console.error(`${path.join(".")}: ${message}`);
if (errors.length > 0 || document === undefined) process.exit(1);
console.log(`${document.channels().all().length} channels, ${document.allMessages().all().length} messages`);
