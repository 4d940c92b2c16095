// Only what the type check cannot see: a promise that nobody waits for ends a call in silence.
"use strict";

const tseslint = require("typescript-eslint");

module.exports = [
  {
    files: ["scenario/*.js"],
    plugins: { "@typescript-eslint": tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      sourceType: "script",
      ecmaVersion: 2020,
      parserOptions: { projectService: true, tsconfigRootDir: __dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // `void promise` is the way to say that nobody needs to wait.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { args: "none", caughtErrors: "none" }],
    },
  },
];
