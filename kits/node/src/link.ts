import { describe, FrontgateError } from "./errors.js";

/** The parts of a URL, byte for byte. */
export interface Link {
  /** The whole URL, without its fragment. */
  readonly url: string;
  /** The value of `Host`. */
  readonly authority: string;
  /** The request's target. */
  readonly target: string;
}

/**
 * Parses a link without changing it (`new URL()` re-encodes it and resolves dot segments).
 * A path alone is relative to `base`.
 */
export function parseLink(given: string | URL, base: string): Link {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== "string") throw new FrontgateError(`a URL was expected, but found ${describe(text)}`);
  const whole = (text.startsWith("/") ? base + text : text).replace(/#.*$/s, "");
  const parts = /^https?:\/\/([^/?#\\]+)(.*)$/is.exec(whole);
  if (!parts) {
    throw new FrontgateError(
      `${describe(short(text))} is not a link; expected http:// or https:// with a host, or a path that begins with /`,
    );
  }
  const [, authority, rest] = parts as unknown as [string, string, string];
  if (!/^(?:\[[0-9a-f:.]+\]|[^[\]:]+)(?::\d{1,5})?$/i.test(authority.slice(authority.lastIndexOf("@") + 1))) {
    throw new FrontgateError(`${describe(short(text))} names ${describe(authority)}, which is not a host with an optional port: is a / missing after it?`);
  }
  checkSendable(authority, whole);
  checkSendable(rest, whole);
  return { url: whole, authority, target: rest.startsWith("/") ? rest : `/${rest}` };
}

/** Rejects control characters and spaces, which would break a request's first line. */
function checkSendable(part: string, whole: string): void {
  const found = /[\u0000-\u0020\u007f]/.exec(part);
  if (!found) return;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(2, "0");
  throw new FrontgateError(
    `the link ${describe(short(whole))} holds the character 0x${code}, which can't be sent; percent-encode it as %${code} before signing`,
  );
}

/** Returns a host without its port, in lower case. */
export function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, "").toLowerCase();
}

/** Returns whether a host is this machine or an address. */
export function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host.startsWith("[") || /^[\d.]+$/.test(host);
}

/** Shortens signatures and policies in a URL, for messages. */
export function short(url: string): string {
  return url.replace(/([?&](?:Signature|Policy)=[^&#]{6})[^&#]+/g, "$1…");
}
