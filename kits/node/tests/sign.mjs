// Links and cookies as an application makes them.
import { getSignedCookies, getSignedUrl } from "@aws-sdk/cloudfront-signer";

/** A link for `url`, open until `end` (Unix seconds); `more` are further conditions. */
export function signed(edge, url, end = now() + 3600, more = {}) {
  return getSignedUrl({ url, keyPairId: edge.keyPairId, privateKey: edge.privateKeyPem, dateLessThan: iso(end), ...more });
}

/** A link whose end was counted in milliseconds. */
export function signedInMilliseconds(edge, url) {
  const policy = JSON.stringify({ Statement: [{ Resource: url, Condition: { DateLessThan: { "AWS:EpochTime": Date.now() + 3_600_000 } } }] });
  return getSignedUrl({ url, keyPairId: edge.keyPairId, privateKey: edge.privateKeyPem, policy });
}

/** Cookies for a pattern. */
export function signedCookies(edge, resource, end) {
  const policy = JSON.stringify({ Statement: [{ Resource: resource, Condition: { DateLessThan: { "AWS:EpochTime": end } } }] });
  return getSignedCookies({ keyPairId: edge.keyPairId, privateKey: edge.privateKeyPem, policy });
}

export const now = () => Math.floor(Date.now() / 1000);
export const iso = (seconds) => new Date(seconds * 1000).toISOString();
