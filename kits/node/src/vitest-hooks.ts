import type { Edge } from "./edge.js";
import { HOOK_TIMEOUT_MS, resolved, useEdge, type Hooks, type LazyOptions, type UseOptions } from "./hooks.js";
import { start } from "./start.js";

/** The parts of Vitest that are used. Nothing is imported from it here, so that it need not be installed. */
type VitestHook = (run: () => Promise<void>, timeout: number) => unknown;
export type Vitest = Readonly<Record<keyof Hooks, VitestHook>>;

/** A fixture of Vitest's `test.extend`. */
export type EdgeFixture = (context: object, use: (edge: Edge) => Promise<void>) => Promise<void>;

/** `useFrontgate` with Vitest's hooks. */
export function useWith(vitest: Vitest, options?: LazyOptions, use?: UseOptions): Edge {
  const hook = (name: keyof Hooks) => (run: () => Promise<void>) => void vitest[name](run, HOOK_TIMEOUT_MS);
  const hooks = {
    beforeAll: hook("beforeAll"),
    afterAll: hook("afterAll"),
    beforeEach: hook("beforeEach"),
    afterEach: hook("afterEach"),
  };
  return useEdge(hooks, options, use);
}

/** For `test.extend({ edge: edgeFixture({ origin }) })`: one edge for each test that uses it. */
export function edgeFixture(options: LazyOptions = {}): EdgeFixture {
  // Vitest reads the required fixtures from the source of this function: none.
  return async ({}, use) => {
    const edge = await start(await resolved(options));
    try {
      await use(edge);
    } finally {
      await edge.stop();
    }
  };
}
