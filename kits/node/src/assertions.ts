import { AssertionError } from "node:assert";
import { FrontgateError, messageOf } from "./errors.js";
import type { Answer } from "./http.js";
import { short } from "./link.js";
import { checkKnown } from "./options.js";
import { checkReason, SIGNATURE_REASONS, type Reason } from "./reasons.js";
import type { Requester } from "./requester.js";

export interface AllowedOptions {
  /** Default `GET`. */
  readonly method?: string;
  /** Passes also if a time of the link is in milliseconds, so that CloudFront allows it for thousands of years. */
  readonly allowWarnings?: boolean;
}

export interface DeniedOptions {
  /** Default `GET`. */
  readonly method?: string;
  /** The expected reason of the denial; by default any reason about key, signature or policy. */
  readonly reason?: Reason;
}

/** The outcome of a request. */
export interface Outcome {
  /** `allowed`, or `denied: expired`. */
  readonly verdict: string;
  /** In a sentence: `it was denied: expired (403)`. */
  readonly told: string;
  readonly reason: string | undefined;
  readonly warnings: readonly string[];
}

const MILLISECONDS = "milliseconds";
const ORIGIN_ERROR = "origin-error";

export async function assertAllowed(viewer: Requester, url: string | URL, options: AllowedOptions): Promise<void> {
  checkKnown("assertAllowed", options, ["method", "allowWarnings"]);
  const { method, allowWarnings = false } = options;
  const outcome = await ask(viewer, url, method);
  if (outcome.reason === ORIGIN_ERROR) throw originFailed(viewer, url, method, outcome);
  if (outcome.reason !== undefined) await fail(viewer, url, method, "allowed", outcome, "assertAllowed");
  if (allowWarnings || !outcome.warnings.includes(MILLISECONDS)) return;
  const told = `${await warning(viewer, url, method)}; allowWarnings: true lets it pass`;
  const warned = { ...outcome, verdict: `allowed, with the warning ${MILLISECONDS}`, told };
  await fail(viewer, url, method, "allowed as it was meant", warned, "assertAllowed");
}

/** Returns the text of the warning about milliseconds. */
async function warning(viewer: Requester, url: string | URL, method: string | undefined): Promise<string> {
  const explanation = await viewer.explain(url, method === undefined ? {} : { method }).catch(() => undefined);
  const warnings = explanation?.report["warnings"] as readonly { name: string; text: string }[] | undefined;
  return warnings?.find(({ name }) => name === MILLISECONDS)?.text ?? MILLISECONDS;
}

export async function assertDenied(viewer: Requester, url: string | URL, options: DeniedOptions): Promise<void> {
  checkKnown("assertDenied", options, ["method", "reason"]);
  const { method, reason } = options;
  if (reason !== undefined) checkReason(reason);
  const outcome = await ask(viewer, url, method);
  const refused = outcome.reason !== undefined && outcome.reason !== ORIGIN_ERROR;
  const counts = reason === undefined ? (SIGNATURE_REASONS as readonly unknown[]).includes(outcome.reason) : reason === outcome.reason;
  if (counts) return;
  const expected = reason !== undefined ? `denied: ${reason}` : refused ? "denied for what was signed (name the reason if it was meant)" : "denied";
  await fail(viewer, url, method, expected, outcome, "assertDenied");
}

/** Sends a request to the edge and reads only the head of the response. */
export async function ask(viewer: Requester, url: string | URL, method: string | undefined): Promise<Outcome> {
  const { connection } = viewer;
  const answer = await connection.send(connection.link(url), viewer.headers, method === undefined ? {} : { method }, true);
  return outcomeOf(answer);
}

/** Rejects an origin failure: assertions are about the edge's decision. */
export function originFailed(viewer: Requester, url: string | URL, method: string | undefined, outcome: Outcome): FrontgateError {
  const request = sentence(viewer, url, method);
  return new FrontgateError(
    `the edge let ${request} through, but ${outcome.told}: start the origin, or give the edge another one (without one it answers by itself)`,
  );
}

/** Throws an error for every test runner: one line with what was expected and what happened, then the output of `explain`. */
export async function fail(
  viewer: Requester,
  url: string | URL,
  method: string | undefined,
  expected: string,
  outcome: Outcome,
  operator: string,
): Promise<never> {
  const first = `expected ${sentence(viewer, url, method)} to be ${expected}, but ${outcome.told}`;
  const message = `${first}\n${await explained(viewer, url, method)}`;
  throw new AssertionError({ message, expected, actual: outcome.verdict, operator });
}

/** Returns the output of `explain`, indented. If `explain` fails, the assertion's failure is still reported. */
export async function explained(viewer: Requester, url: string | URL, method: string | undefined): Promise<string> {
  const text = await viewer.explain(url, method === undefined ? {} : { method }).then(
    (explanation) => explanation.text,
    (error: unknown) => `(no explanation: ${messageOf(error)})`,
  );
  return text.trimEnd().replace(/^(?=.)/gm, "    ");
}

/** Describes a request: `GET http://…?Signature=abcdef… at +2h from 203.0.113.9`. */
export function sentence(viewer: Requester, url: string | URL, method = "GET"): string {
  const { at, ip, cookies } = viewer.terms;
  const parts = [
    `${method} ${short(viewer.connection.link(url).url)}`,
    at === undefined ? "" : ` at ${at}`,
    ip === undefined ? "" : ` from ${ip}`,
    cookies?.size ? ` with the cookies ${[...cookies.keys()].join(", ")}` : "",
  ];
  return parts.join("");
}

function outcomeOf({ status, reason, warnings }: Answer): Outcome {
  const outcome = { reason, warnings };
  if (reason === undefined) return { ...outcome, verdict: "allowed", told: `it was allowed (the origin responded with ${status})` };
  if (reason === ORIGIN_ERROR) return { ...outcome, verdict: "allowed", told: `its origin could not be reached or failed (${status})` };
  return { ...outcome, verdict: `denied: ${reason}`, told: `it was denied: ${reason} (${status})` };
}
