import { describe, FrontgateError } from "./errors.js";
import { didYouMean } from "./nearest.js";

/** The reasons of denials by the edge, as in `X-Frontgate-Reason`. */
export const REASONS = [
  "missing-key-pair-id",
  "unknown-key",
  "missing-signature",
  "malformed-signature",
  "malformed-policy",
  "unknown-hash-algorithm",
  "signature-mismatch",
  "resource-mismatch",
  "expired",
  "not-yet-valid",
  "ip-mismatch",
  "unknown-host",
  "geo-blocked",
  "method-not-allowed",
  "https-required",
  "redirect-to-https",
  "bad-request",
  "too-large",
] as const;

/** The reasons about key, signature and policy: only they count if no reason is given. */
export const SIGNATURE_REASONS = REASONS.slice(0, 11);

export type Reason = (typeof REASONS)[number];

/** Rejects unknown reasons. */
export function checkReason(reason: unknown): asserts reason is Reason {
  if ((REASONS as readonly unknown[]).includes(reason)) return;
  const hint = typeof reason === "string" ? didYouMean(reason, REASONS) : "";
  throw new FrontgateError(`${describe(reason)} is not a known reason${hint || `; expected one of ${REASONS.join(", ")}`}`);
}
