/** Edges for Jest. */
import type { Edge } from "./edge.js";
import { FrontgateError } from "./errors.js";
import { HOOK_TIMEOUT_MS, useEdge, type Hooks, type LazyOptions, type UseOptions } from "./hooks.js";

export type { LazyOptions, UseOptions } from "./hooks.js";

type JestHook = (run: () => Promise<void>, timeout: number) => void;
const NAMES = ["beforeAll", "afterAll", "beforeEach", "afterEach"] as const;

/** An edge for all tests of this file, or of the `describe` around it; with `{ each: true }` one for each test. */
export function useFrontgate(options?: LazyOptions, use?: UseOptions): Edge {
  const jest = jestHooks();
  const hook = (name: (typeof NAMES)[number]) => (run: () => Promise<void>) => jest[name](run, HOOK_TIMEOUT_MS);
  const hooks: Hooks = {
    beforeAll: hook("beforeAll"),
    afterAll: hook("afterAll"),
    beforeEach: hook("beforeEach"),
    afterEach: hook("afterEach"),
  };
  return useEdge(hooks, options, use);
}

/** Jest's globals; with `injectGlobals: false`, its module. */
function jestHooks(): Record<(typeof NAMES)[number], JestHook> {
  const globals = globalThis as unknown as Record<string, unknown>;
  if (NAMES.every((name) => typeof globals[name] === "function")) return globals as ReturnType<typeof jestHooks>;
  try {
    // Only Jest itself provides this module.
    return require("@jest/globals") as ReturnType<typeof jestHooks>;
  } catch (error) {
    throw new FrontgateError("useFrontgate of frontgate/jest works within Jest only; for others there are frontgate/vitest and frontgate/node-test", {
      cause: error,
    });
  }
}
