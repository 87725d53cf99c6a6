import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";

const LEVEL = 5; // as the server compresses

/**
 * Fails a build whose first page takes more compressed script than `most` bytes: the entry, all that it imports, and the
 * chunks in `wanted`, which the first page loads by itself when it has drawn its frame.
 */
export function budget(most: number, wanted: readonly string[]): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_, bundle) {
      const first = new Set<string>();
      const take = (file: string) => {
        const chunk = bundle[file];
        if (first.has(file) || chunk?.type !== "chunk") return;
        first.add(file);
        chunk.imports.forEach(take);
      };
      const missing = new Set(wanted);
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        if (chunk.isEntry || missing.delete(chunk.name)) take(chunk.fileName);
      }
      if (missing.size > 0) this.error(`There is no chunk ${[...missing].join(", ")}; say what the first page loads now.`);
      const bytes = [...first].reduce((sum, file) => {
        const chunk = bundle[file];
        return sum + (chunk?.type === "chunk" ? gzipSync(chunk.code, { level: LEVEL }).length : 0);
      }, 0);
      const told = `The first page takes ${(bytes / 1024).toFixed(0)} KB of compressed script of ${(most / 1024).toFixed(0)}.`;
      if (bytes > most) this.error(told);
      this.info(told);
    },
  };
}
