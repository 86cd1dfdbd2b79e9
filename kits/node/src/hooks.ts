import { Edge } from "./edge.js";
import { FrontgateError } from "./errors.js";
import type { StartOptions } from "./options.js";
import { start } from "./start.js";

/** Options, or a function that gives them when the edge is started: for what isn't known before. */
export type LazyOptions = StartOptions | (() => StartOptions | Promise<StartOptions>);

/** How long an edge lives: for all tests of the file (or of the `describe` around it), or for each test. */
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

/** Longer than a start may take, so that its own error is what is shown. */
export const HOOK_TIMEOUT_MS = 20_000;

/** Registers hooks that start and stop an edge, and returns it in advance. */
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

/** Options as they are when the edge is started. */
export async function resolved(options: LazyOptions): Promise<StartOptions> {
  return typeof options === "function" ? options() : options;
}

/** Stands for an edge that is started later. */
function inAdvance(current: () => Edge | undefined): Edge {
  return new Proxy(Object.create(Edge.prototype) as Edge, {
    get(_, name) {
      const edge = current();
      if (edge) {
        const value: unknown = Reflect.get(edge, name, edge);
        return typeof value === "function" ? (value.bind(edge) as unknown) : value;
      }
      // What runners and promises look at to show or await a value.
      if (typeof name === "symbol" || name === "then" || name === "toJSON" || name === "constructor") return undefined;
      throw new FrontgateError(
        `edge.${name} was used before the edge was started or after it was stopped; use it within a test or a hook ` +
          `(and where its start failed, that error is the one to look at)`,
      );
    },
  });
}
