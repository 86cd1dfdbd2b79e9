import { AssertionError } from "node:assert";
import { explained } from "./assertions.js";
import { describe, FrontgateError } from "./errors.js";
import { checkKnown } from "./options.js";
import type { Exposed } from "./protocol.js";
import type { Requester } from "./requester.js";

export interface PrivateOptions {
  /** The host of the distribution, if the configuration has several. */
  readonly host?: string;
}

/** Searches the configuration for a public path of the pattern, then requests one path without credentials. */
export async function assertPrivate(viewer: Requester, pattern: string, options: PrivateOptions): Promise<void> {
  checkKnown("assertPrivate", options, ["host"]);
  const { host } = options;
  if (typeof pattern !== "string" || pattern === "") {
    throw new FrontgateError(`${describe(pattern)} is not a pattern; expected a path with wildcards such as /members/*`);
  }
  const { exposed } = await viewer.connection.control.ask<Exposed>("exposed", { pattern, host });
  if (exposed) {
    throw failure(
      `expected ${pattern} to be private, but ${exposed.path} needs no signature: ` +
        `the behavior ${exposed.behavior} of the distribution ${exposed.distribution} trusts no key group`,
      `open: ${exposed.path}`,
    );
  }
  await askWithout(viewer.withoutTerms(), samplePath(pattern), pattern, host);
}

async function askWithout(stranger: Requester, path: string, pattern: string, host: string | undefined): Promise<void> {
  const { connection } = stranger;
  const url = host === undefined ? path : `https://${host}${path}`;
  const { status, reason } = await connection.send(connection.link(url), {}, {}, true);
  if (reason === "missing-key-pair-id") return;
  const why = reason === undefined ? "" : ` (${reason})`;
  throw failure(
    `expected ${pattern} to be private, but ${path} without a signature received ${status}${why}, not as missing-key-pair-id\n` +
      (await explained(stranger, url, undefined)),
    `status ${status}`,
  );
}

/** Returns a path that matches the pattern. */
function samplePath(pattern: string): string {
  const path = pattern.replaceAll("*", "frontgate-sample").replaceAll("?", "x");
  return path.startsWith("/") ? path : `/${path}`;
}

function failure(message: string, actual: string): AssertionError {
  return new AssertionError({ message, expected: "private", actual, operator: "assertPrivate" });
}
