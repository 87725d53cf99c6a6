import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { budget } from "./budget.ts";

/** Builds into the Python package, from where `patron serve` serves it. */
export default defineConfig({
  plugins: [react(), budget(450 * 1024, ["engine"])],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  build: {
    outDir: "../src/patron/web",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the Content-Security-Policy takes files alone
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8360" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
