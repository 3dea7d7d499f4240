import js from "@eslint/js";

const globals = Object.fromEntries(
  ["AbortController", "AbortSignal", "URL", "clearInterval", "clearTimeout", "console", "document", "fetch", "globalThis", "process",
    "reportError", "setImmediate", "setInterval", "setTimeout"].map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, globals },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "max-len": ["error", { code: 160 }],
      "max-lines": ["error", 450],
      "max-lines-per-function": ["error", 40],
      "no-shadow": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  { files: ["**/web/src/*.js"], rules: { "no-undef": "off" } }, // the compiler knows what a browser has
  { files: ["**/lib/commands.js"], rules: { "max-len": "off" } }, // made of docs/schema.json
];
