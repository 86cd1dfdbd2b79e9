/** Edges for `node:test`. */
import { after, afterEach, before, beforeEach } from "node:test";
import type { Edge } from "./edge.js";
import { HOOK_TIMEOUT_MS, useEdge, type LazyOptions, type UseOptions } from "./hooks.js";
import type { StartOptions } from "./options.js";
import { start } from "./start.js";

export type { LazyOptions, UseOptions } from "./hooks.js";

const limit = { timeout: HOOK_TIMEOUT_MS };

/** An edge for all tests of this file, or of the `describe` around it; with `{ each: true }` one for each test. */
export function useFrontgate(options?: LazyOptions, use?: UseOptions): Edge {
  const hooks = {
    beforeAll: (run: () => Promise<void>) => before(run, limit),
    afterAll: (run: () => Promise<void>) => after(run, limit),
    beforeEach: (run: () => Promise<void>) => beforeEach(run, limit),
    afterEach: (run: () => Promise<void>) => afterEach(run, limit),
  };
  return useEdge(hooks, options, use);
}

/** Starts an edge for the test with the given context. */
export async function startFor(context: { after(run: () => Promise<void>): void }, options?: StartOptions): Promise<Edge> {
  const edge = await start(options);
  context.after(() => edge.stop());
  return edge;
}
