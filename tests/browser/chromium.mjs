// Unpacks the Chromium that came with npm into node_modules/.chromium, with its libraries and its font, so that neither
// root nor a browser of this machine's own is needed. What the package unpacks, it unpacks for Linux on x86-64.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const place = fileURLToPath(new URL("node_modules/.chromium", import.meta.url));
const partial = `${place}.partial`;

if (process.platform !== "linux" || process.arch !== "x64") {
  console.log("No browser comes for this machine: let PATRON_TEST_CHROMIUM name a Chromium or Chrome that is installed.");
} else if (!existsSync(place)) {
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  process.env.TMPDIR = partial; // where it unpacks to
  process.env.AWS_EXECUTION_ENV = "nodejs24.x"; // unpack the shared libraries too
  const { default: chromium } = await import("@sparticuz/chromium");
  await chromium.executablePath();
  renameSync(partial, place);
}
