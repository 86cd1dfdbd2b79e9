/** Edges for Vitest. */
import type { Edge } from "./edge.js";
import type { LazyOptions, UseOptions } from "./hooks.js";
import { useWith, type Vitest } from "./vitest-hooks.js";

export { edgeFixture, type EdgeFixture } from "./vitest-hooks.js";
export type { LazyOptions, UseOptions } from "./hooks.js";

/** An edge for all tests of this file, or of the `describe` around it; with `{ each: true }` one for each test. */
export function useFrontgate(options?: LazyOptions, use?: UseOptions): Edge {
  return useWith(require("vitest") as Vitest, options, use);
}
