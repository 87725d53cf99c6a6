import { readdirSync } from "node:fs";

import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

const features = readdirSync(new URL("src/features", import.meta.url));

/** Forbids files to import what matches: imports run shared -> features -> app, and no feature knows another. */
function direction(files, ...forbidden) {
  const message = "Imports run from shared to features to app, and no feature imports another.";
  const outside = { group: ["../../*"], message: "Name what is outside this folder with @/." };
  return {
    files: [files],
    rules: { "no-restricted-imports": ["error", { patterns: [{ group: forbidden, message }, outside] }] },
  };
}

export default defineConfig(
  globalIgnores(["node_modules", "src/shared/api/schema.d.ts"]),
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  hooks.configs.flat.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "react-hooks/incompatible-library": "off", // the virtualizer's functions are called where they are made
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-console": "error",
    },
  },
  { files: ["*.js"], extends: [ts.configs.disableTypeChecked] , languageOptions: { globals: { URL: "readonly" } } },
  direction("src/shared/**", "@/features/**", "@/app/**"),
  ...features.map((one) =>
    direction(
      `src/features/${one}/**`,
      "@/app/**",
      ...features.filter((other) => other !== one).map((other) => `@/features/${other}/**`),
    ),
  ),
);
