import { describe, FrontgateError } from "./errors.js";
import { didYouMean } from "./nearest.js";
import type { Origin } from "./origin.js";

/** Options of `start`. All are optional. */
export interface StartOptions {
  /** The origin; without it, every path answers with the request as JSON. */
  readonly origin?: Origin;
  /** A `config.toml`. The edge's key is trusted in all key groups; `origin` replaces all of its origins. */
  readonly config?: string;
  /** Base URLs that links are signed for, besides the edge's own: `https://media.example.com`. */
  readonly baseUrls?: string | readonly string[];
  /** Patterns of paths that need no signature; default `/public/*`. Not together with `config`. */
  readonly public?: string | readonly string[];
  /** `ADDRESS:PORT`; default a free port of 127.0.0.1. */
  readonly listen?: string;
  /** The type of the fresh key; default `rsa`. */
  readonly keyType?: "rsa" | "ecdsa";
  /** The key's id. */
  readonly keyPairId?: string;
  /** A file with the private key to use instead of a fresh one. */
  readonly privateKey?: string;
  /** Whether the start fails if the origin's URL accepts no connections; default `true`. */
  readonly checkOrigin?: boolean;
  /** The program `frontgate`. */
  readonly binary?: string;
}

/** Options of `reload`; the others keep their values. */
export type ReloadOptions = Pick<StartOptions, "config" | "origin" | "baseUrls" | "public">;

const KNOWN = ["origin", "config", "baseUrls", "public", "listen", "keyType", "keyPairId", "privateKey", "checkOrigin", "binary"];
const KNOWN_AT_RELOAD = ["origin", "config", "baseUrls", "public"];
const TEXTS = ["config", "listen", "keyType", "keyPairId", "privateKey", "binary"];

/** Rejects values that are not an object with these names, such as a reason in its place. */
export function checkKnown(of: string, options: unknown, known: readonly string[]): void {
  if (options === null || typeof options !== "object") {
    throw new FrontgateError(`${of} takes { ${known.join(", ")} } as its options, but found ${describe(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new FrontgateError(`${of} has no option \`${name}\`${didYouMean(name, known) || `; known are ${known.join(", ")}`}`);
  }
}

/** Rejects unknown options and values of a wrong type. */
export function checkOptions(options: StartOptions, at: "start" | "reload"): void {
  if (options === null || typeof options !== "object") throw new FrontgateError(`${describe(options)} is not an options object; expected an object`);
  const known = at === "start" ? KNOWN : KNOWN_AT_RELOAD;
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) throw new FrontgateError(`unknown option \`${name}\`${didYouMean(name, known) || `; known are ${known.join(", ")}`}`);
    if (value !== undefined && TEXTS.includes(name) && typeof value !== "string") {
      throw new FrontgateError(`the option \`${name}\` is ${describe(value)}; expected a string`);
    }
  }
  // If the key itself is passed, the message must not contain it.
  if (options.privateKey !== undefined && /PRIVATE KEY|\n/.test(options.privateKey)) {
    throw new FrontgateError("the option `privateKey` is the path of a PEM file, but found the key itself: write it to a file first");
  }
  if (options.keyType !== undefined && !["rsa", "ecdsa"].includes(options.keyType)) {
    throw new FrontgateError(`the option \`keyType\` is ${describe(options.keyType)}; expected "rsa" or "ecdsa"`);
  }
  if (options.config !== undefined && options.public !== undefined && at === "start") {
    throw new FrontgateError("the options `config` and `public` exclude each other: the configuration defines what is public");
  }
  if (options.checkOrigin !== undefined && typeof options.checkOrigin !== "boolean") {
    throw new FrontgateError(`the option \`checkOrigin\` is ${describe(options.checkOrigin)}; expected true or false`);
  }
}

/** The program's command line. */
export function toArguments(options: StartOptions, origin: string | undefined): string[] {
  const { config, listen, keyType, keyPairId, privateKey, checkOrigin = true } = options;
  const named: [string, string | undefined][] = [
    ["--origin", origin],
    ["--config", config],
    ["--listen", listen],
    ["--key-type", keyType],
    ["--key-pair-id", keyPairId],
    ["--private-key", privateKey],
    ...texts("baseUrls", options.baseUrls).map((url): [string, string] => ["--base-url", url]),
    ...texts("public", options.public).map((pattern): [string, string] => ["--public", pattern]),
  ];
  const given = named.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`);
  return checkOrigin && isUrl(origin) ? [...given, "--check-origin"] : given;
}

/** The parameters of `reload`. */
export function toReload(options: ReloadOptions, origin: string | undefined): object {
  return {
    config: options.config,
    origin,
    "base-urls": options.baseUrls === undefined ? undefined : texts("baseUrls", options.baseUrls),
    public: options.public === undefined ? undefined : texts("public", options.public),
  };
}

function isUrl(origin: string | undefined): boolean {
  return origin !== undefined && /^https?:/i.test(origin);
}

export function texts(name: string, value: string | readonly string[] | undefined): readonly string[] {
  const list = value === undefined ? [] : typeof value === "string" ? [value] : value;
  if (Array.isArray(list) && list.every((one) => typeof one === "string")) return list;
  throw new FrontgateError(`the option \`${name}\` is ${describe(value)}; expected a string or an array of strings`);
}
