/** A key pair, as the program sends it. */
export interface KeyPair {
  readonly "key-pair-id": string;
  readonly "private-key-file": string;
  readonly "public-key-file": string;
  readonly "private-key": string;
  readonly "public-key": string;
}

/** The first line, once every listener accepts connections. */
export interface Ready {
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  readonly url: string;
  readonly key: KeyPair;
  readonly env: Readonly<Record<string, string>>;
}

/** The response to `rotate-key`. */
export interface Rotated {
  readonly key: KeyPair;
  readonly env: Readonly<Record<string, string>>;
}

/** The response to `explain`. */
export interface Explanation {
  /** What `frontgate explain` prints. */
  readonly text: string;
  /** What `frontgate explain --json` prints. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** A request that reached the origin. */
export interface SeenRequest {
  /** Counted from 1. */
  readonly number: number;
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** In order, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The response to `exposed`. */
export interface Exposed {
  readonly exposed: { readonly path: string; readonly behavior: string; readonly distribution: string } | null;
}
