import { isIP } from "node:net";
import { assertAllowed, assertDenied, type AllowedOptions, type DeniedOptions } from "./assertions.js";
import { assertValidBetween } from "./validity.js";
import { assertPrivate, type PrivateOptions } from "./privacy.js";
import type { Connection } from "./connection.js";
import { cookieHeader, cookiePairs, type Cookies } from "./cookies.js";
import { describe, FrontgateError } from "./errors.js";
import type { Answer, RequestOptions } from "./http.js";
import type { Explanation } from "./protocol.js";
import { checkKnown } from "./options.js";
import type { Requester, Terms } from "./requester.js";
import { hostOf, isLocal } from "./link.js";
import { timeText, type Time } from "./time.js";

/** A client of an edge with a time, an address and cookies. It is immutable: `at` and the others return a new one. */
export class Viewer implements Requester {
  /** @internal */
  readonly connection: Connection;
  /** @internal */
  readonly terms: Terms;

  /** @internal Use `edge.at(…)`, `edge.fromIp(…)`, `edge.withCookies(…)`. */
  constructor(connection: Connection, terms: Terms) {
    this.connection = connection;
    this.terms = terms;
  }

  /** @internal */
  withoutTerms(): Viewer {
    return new Viewer(this.connection, {});
  }

  /** Returns this viewer at another time. */
  at(time: Time): Viewer {
    return new Viewer(this.connection, { ...this.terms, at: timeText(time) });
  }

  /** Returns this viewer at another address. */
  fromIp(address: string): Viewer {
    if (typeof address === "string" && isIP(address) !== 0 && !address.includes("%")) return new Viewer(this.connection, { ...this.terms, ip: address });
    throw new FrontgateError(`${describe(address)} is not an IP address; expected IPv4 such as 203.0.113.9, or IPv6, without a port`);
  }

  /** Returns this viewer with additional cookies; a cookie of the same name is replaced. */
  withCookies(cookies: Cookies): Viewer {
    const all = new Map([...(this.terms.cookies ?? []), ...cookiePairs(cookies)]);
    return new Viewer(this.connection, { ...this.terms, cookies: all });
  }

  /** The headers that make any HTTP client this viewer. */
  get headers(): Record<string, string> {
    const { at, ip, cookies } = this.terms;
    return {
      ...(at !== undefined && { "X-Frontgate-Now": at }),
      ...(ip !== undefined && { "X-Frontgate-Viewer-Ip": ip }),
      ...(cookies !== undefined && cookies.size > 0 && { Cookie: cookieHeader(cookies) }),
    };
  }

  /** Sends GET with the link's bytes unchanged, without following redirects. */
  get(url: string | URL, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.request(url, { headers });
  }

  /** Sends any request with the link's bytes unchanged. */
  async request(url: string | URL, options: RequestOptions = {}): Promise<Answer> {
    checkKnown("request", options, ["method", "headers", "body"]);
    return this.connection.send(this.connection.link(url), this.headers, options, false);
  }

  /**
   * The global `fetch` with this viewer's headers, sent to the edge. Like every `fetch`, it normalizes the URL (`/a/../b`,
   * `'` in a query, spaces) and sends the edge's own address as `Host`: use `get` if the bytes or the host matter. It follows
   * redirects, which may lead away from the edge, only if `init` says so.
   */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const link = this.connection.link(url);
    const headers = new Headers(this.headers);
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    if (this.connection.bases === undefined && !isLocal(hostOf(link.authority))) {
      throw new FrontgateError(`fetch can't request ${link.authority} from the edge, since it sets Host by itself: use get() or request()`);
    }
    if (/^https:/i.test(link.url) && !headers.has("X-Frontgate-Viewer-Proto")) headers.set("X-Frontgate-Viewer-Proto", "https");
    return fetch(this.connection.url + link.target, { redirect: "manual", ...init, headers });
  }

  /** Returns the output of `frontgate explain` for this viewer's request. */
  async explain(url: string | URL, options: { method?: string } = {}): Promise<Explanation> {
    const { at, ip, cookies } = this.terms;
    return this.connection.control.ask<Explanation>("explain", {
      url: this.connection.link(url).url,
      method: options.method,
      at,
      ip,
      cookies: cookies && cookieHeader(cookies),
    });
  }

  /** Fails unless the edge allows the request, whatever the origin's response. */
  assertAllowed(url: string | URL, options: AllowedOptions = {}): Promise<void> {
    return assertAllowed(this, url, options);
  }

  /** Fails unless the edge itself denies the request, for this reason if one is given. */
  assertDenied(url: string | URL, options: DeniedOptions = {}): Promise<void> {
    return assertDenied(this, url, options);
  }

  /**
   * Fails unless the link is denied in the second `start`, allowed from the next second to `end` - 1 s, and denied at `end`.
   * If `start` is null, it must be allowed at any earlier time. `at` of this viewer has no effect.
   */
  assertValidBetween(url: string | URL, start: Time | null | undefined, end: Time): Promise<void> {
    return assertValidBetween(this, url, start, end);
  }

  /** Fails if any path that matches the pattern (`/members/*`) is public. */
  assertPrivate(pattern: string, options: PrivateOptions = {}): Promise<void> {
    return assertPrivate(this, pattern, options);
  }
}
