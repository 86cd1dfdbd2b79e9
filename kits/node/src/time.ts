import { describe, FrontgateError } from "./errors.js";

/**
 * A time: a `Date`, Unix seconds, RFC 3339 with a time zone (`2026-11-24T10:00:00Z`), `now`, or relative (`+2h`, `-5m`,
 * `+1h30m`). Fractions are dropped, because CloudFront uses whole seconds.
 */
export type Time = Date | number | string;

/** The last second that CloudFront supports. */
const LAST = 9_223_372_036;
const EXPECTED = "expected a Date, Unix seconds, RFC 3339 such as 2026-11-24T10:00:00Z, `now`, or a distance such as +2h or -5m";
const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const DISTANCE = /^[+-](?:\d+(?:ms|s|m|h|d|w))+$/;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const NAIVE = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/;

/** Formats a time for the edge: relative times unchanged, all others as RFC 3339 in UTC. */
export function timeText(time: Time): string {
  if (time === "now" || (typeof time === "string" && DISTANCE.test(time))) return time;
  return rfc3339(epochSeconds(time));
}

/** Returns Unix seconds. */
export function epochSeconds(time: Time): number {
  const seconds = Math.floor(rawSeconds(time));
  if (seconds >= 0 && seconds <= LAST) return seconds;
  const hint = seconds >= 1e11 ? ": these are milliseconds; divide by 1000 or pass a Date" : `; the times are 0 to ${LAST}`;
  throw new FrontgateError(`the time ${describe(time)} is out of range${hint}`);
}

/** Formats Unix seconds as RFC 3339 in UTC. */
export function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function rawSeconds(time: Time): number {
  if (time instanceof Date || Object.prototype.toString.call(time) === "[object Date]") return dateSeconds(time as Date);
  if (typeof time === "number" && Number.isFinite(time)) return time;
  if (typeof time === "string") return textSeconds(time);
  throw new FrontgateError(`${describe(time)} is not a valid time; ${EXPECTED}`);
}

function dateSeconds(date: Date): number {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) throw new FrontgateError(`an invalid Date is not a valid time; ${EXPECTED}`);
  return milliseconds / 1000;
}

function textSeconds(text: string): number {
  if (text === "now") return Date.now() / 1000;
  if (DISTANCE.test(text)) return Math.floor(Date.now() / 1000) + distanceSeconds(text);
  if (/^\d+$/.test(text)) return Number(text);
  const milliseconds = RFC_3339.test(text) ? Date.parse(text.toUpperCase().replace(" ", "T")) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return milliseconds / 1000;
  throw new FrontgateError(`${describe(text)} is not a valid time${correction(text)}; ${EXPECTED}`);
}

function distanceSeconds(text: string): number {
  const parts = text.slice(1).matchAll(/(\d+)(ms|s|m|h|d|w)/g);
  let sum = 0;
  for (const [, amount, unit] of parts) sum += Number(amount) * UNITS[unit!]!;
  return (text.startsWith("-") ? -1 : 1) * Math.floor(sum);
}

/** Suggests a correction: a missing time zone, or a missing sign. */
function correction(text: string): string {
  if (NAIVE.test(text)) return `: it has no time zone, did you mean ${completed(text)}?`;
  if (DISTANCE.test(`+${text}`)) return `: did you mean +${text}?`;
  return "";
}

function completed(text: string): string {
  const midnight = "1970-01-01T00:00:00".slice(text.length);
  return `${text.replace(" ", "T")}${midnight}Z`;
}
