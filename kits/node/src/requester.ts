import type { Connection } from "./connection.js";
import type { Explanation } from "./protocol.js";
import type { Time } from "./time.js";

/** The time, address and cookies of a viewer. */
export interface Terms {
  readonly at?: string;
  readonly ip?: string;
  readonly cookies?: ReadonlyMap<string, string>;
}

/** What the assertions need of a viewer. */
export interface Requester {
  /** @internal */
  readonly connection: Connection;
  /** @internal */
  readonly terms: Terms;
  readonly headers: Record<string, string>;
  at(time: Time): Requester;
  /** @internal The same edge without time, address and cookies. */
  withoutTerms(): Requester;
  explain(url: string | URL, options?: { method?: string }): Promise<Explanation>;
}
