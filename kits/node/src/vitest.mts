/** Edges for Vitest. */
// @ts-ignore -- Vitest is installed where this is used; its types are not needed.
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Edge } from "./edge.js";
import type { LazyOptions, UseOptions } from "./hooks.js";
import { useWith, type Vitest } from "./vitest-hooks.js";

export { edgeFixture } from "./vitest-hooks.js";
export type { EdgeFixture } from "./vitest-hooks.js";
export type { LazyOptions, UseOptions } from "./hooks.js";

/** An edge for all tests of this file, or of the `describe` around it; with `{ each: true }` one for each test. */
export function useFrontgate(options?: LazyOptions, use?: UseOptions): Edge {
  return useWith({ afterAll, afterEach, beforeAll, beforeEach } as Vitest, options, use);
}
