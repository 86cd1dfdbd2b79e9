import { AssertionError } from "node:assert";
import { ask, explained, originFailed, sentence } from "./assertions.js";
import { FrontgateError } from "./errors.js";
import { epochSeconds, rfc3339, type Time } from "./time.js";
import type { Requester } from "./requester.js";

/** One second, and the expected reason of a denial in it; `undefined` if the link must be allowed. */
interface Moment {
  readonly second: number;
  readonly name: string;
  readonly closed: "not-yet-valid" | "expired" | undefined;
}

export async function assertValidBetween(viewer: Requester, url: string | URL, start: Time | null | undefined, end: Time): Promise<void> {
  for (const moment of moments(start == null ? null : epochSeconds(start), epochSeconds(end))) {
    await check(viewer.at(moment.second), url, moment);
  }
}

function moments(start: number | null, end: number): Moment[] {
  const first = start === null ? 1 : start + 1;
  if (first >= end) {
    const from = start === null ? "no beginning" : `the beginning ${rfc3339(start)}`;
    throw new FrontgateError(`between ${from} and the end ${rfc3339(end)} there is no second in which a link could be valid`);
  }
  const opening: Moment[] = [
    { second: first, name: start === null ? "long before its end" : "the first second after its beginning", closed: undefined },
    { second: end - 1, name: "the last second before its end", closed: undefined },
    { second: end, name: "its end", closed: "expired" },
  ];
  return start === null ? opening : [{ second: start, name: "its beginning, still closed", closed: "not-yet-valid" }, ...opening];
}

async function check(viewer: Requester, url: string | URL, { name, closed }: Moment): Promise<void> {
  const outcome = await ask(viewer, url, undefined);
  if (outcome.reason === "origin-error") throw originFailed(viewer, url, undefined, outcome);
  if (outcome.reason === closed) return;
  const expected = closed === undefined ? "allowed" : `denied: ${closed}`;
  const first = `expected ${sentence(viewer, url)} (${name}) to be ${expected}, but ${outcome.told}`;
  const message = `${first}\n${await explained(viewer, url, undefined)}`;
  throw new AssertionError({ message, expected, actual: outcome.verdict, operator: "assertValidBetween" });
}
