// Has AsyncAPI's own parser read deploy/asyncapi.yaml, and fails on any error, and on a message that does not say by
// constant headers which event it is.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const require = createRequire(new URL(".tools/node/", root));
const { Parser } = require("@asyncapi/parser");

const { document, diagnostics } = await new Parser().parse(readFileSync(new URL("deploy/asyncapi.yaml", root), "utf8"));
const errors = diagnostics.filter(({ severity }) => severity === 0);
for (const { path, message } of errors) console.error(`${path.join(".")}: ${message}`);
if (errors.length > 0 || document === undefined) process.exit(1);
for (const message of document.allMessages().all()) {
  const { required, properties } = message.headers().json();
  const [service, event] = message.name().split(".");
  const type = properties["ce-type"]?.const ?? "";
  const name = type.split(".").pop().replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  if (!type.startsWith(`traffic.${service}.v1.`) || name !== event || !required.every((header) => header in properties)) {
    console.error(`${message.name()}: its headers do not name it`);
    process.exit(1);
  }
}
console.log(`${document.channels().all().length} channels, ${document.allMessages().all().length} messages`);
