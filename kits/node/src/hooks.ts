import { Edge } from "./edge.js";
import { FrontgateError } from "./errors.js";
import type { StartOptions } from "./options.js";
import { start } from "./start.js";

/** Options, or a function that returns them when the edge is started, for values that are not known earlier. */
export type LazyOptions = StartOptions | (() => StartOptions | Promise<StartOptions>);

/** The lifetime of an edge: for all tests of the file (or of the `describe` around it), or for each test. */
export interface UseOptions {
  readonly each?: boolean;
}

type Hook = (run: () => Promise<void>) => void;

/** The hooks of a test runner. */
export interface Hooks {
  readonly beforeAll: Hook;
  readonly afterAll: Hook;
  readonly beforeEach: Hook;
  readonly afterEach: Hook;
}

/** Longer than the time limit of a start, so that the start's own error is shown. */
export const HOOK_TIMEOUT_MS = 20_000;

/** Registers hooks that start and stop an edge, and returns a placeholder for it. */
export function useEdge(hooks: Hooks, options: LazyOptions = {}, { each = false }: UseOptions = {}): Edge {
  let running: Edge | undefined;
  const before = async () => {
    running = await start(await resolved(options));
  };
  const after = async () => {
    const edge = running;
    running = undefined;
    await edge?.stop();
  };
  if (each) {
    hooks.beforeEach(before);
    hooks.afterEach(after);
  } else {
    hooks.beforeAll(before);
    hooks.afterAll(after);
  }
  return inAdvance(() => running);
}

/** Returns the options at the time of the start. */
export async function resolved(options: LazyOptions): Promise<StartOptions> {
  return typeof options === "function" ? options() : options;
}

/** A placeholder for an edge that is started later. */
function inAdvance(current: () => Edge | undefined): Edge {
  return new Proxy(Object.create(Edge.prototype) as Edge, {
    get(_, name) {
      const edge = current();
      if (edge) {
        const value: unknown = Reflect.get(edge, name, edge);
        return typeof value === "function" ? (value.bind(edge) as unknown) : value;
      }
      // Properties that test runners and promises read to print or await a value.
      if (typeof name === "symbol" || name === "then" || name === "toJSON" || name === "constructor") return undefined;
      throw new FrontgateError(
        `edge.${name} was used before the edge was started or after it was stopped; use it within a test or a hook ` +
          `(and where its start failed, that error is the one to look at)`,
      );
    },
  });
}
