import { describe, FrontgateError } from "./errors.js";

/**
 * Cookies: an object of names and values (as the AWS SDK's `getSignedCookies` returns), a `Cookie` header
 * (`a=b; c=d`), or the lines of `Set-Cookie` (as `response.headers.getSetCookie()` returns).
 */
export type Cookies = object | string | readonly string[];

/** Names and values, in order. */
export function cookiePairs(cookies: Cookies): Map<string, string> {
  if (typeof cookies === "string") return new Map(cookies.split(";").filter((part) => part.trim() !== "").map(pair));
  if (Array.isArray(cookies)) return new Map((cookies as readonly string[]).map(setCookiePair));
  if (cookies === null || typeof cookies !== "object" || typeof (cookies as { then?: unknown }).then === "function") {
    throw new FrontgateError(`${describe(cookies)} can't be read as cookies; expected an object, "a=b; c=d" or lines of Set-Cookie`);
  }
  const given = Object.entries(cookies).filter(([, value]) => value !== undefined);
  return new Map(given.map(([name, value]) => checked(name, String(value))));
}

/** The `Cookie` header. */
export function cookieHeader(pairs: ReadonlyMap<string, string>): string {
  return [...pairs].map(([name, value]) => `${name}=${value}`).join("; ");
}

function setCookiePair(line: string): [string, string] {
  if (typeof line !== "string") throw new FrontgateError(`${describe(line)} is not a Set-Cookie line`);
  return pair(line.split(";", 1)[0]!);
}

function pair(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new FrontgateError(`the cookie ${describe(text.trim().slice(0, 20))} has no name; expected name=value`);
  return checked(text.slice(0, at).trim(), text.slice(at + 1).trim());
}

function checked(name: string, value: string): [string, string] {
  if (/^[^\s;=\u0000-\u001f\u007f]+$/.test(name) && /^[\u0020-\u003a\u003c-\u007e]*$/.test(value)) return [name, value];
  throw new FrontgateError(`the cookie ${describe(name)} can't be sent: it holds ";", a control character or a non-ASCII one`);
}
