import { getSignedCookies, getSignedUrl } from "@aws-sdk/cloudfront-signer";

const HOUR = 3600;

/** Signs for the site that `readConfig` tells of. Times are Unix seconds. */
export class Signer {
  constructor({ baseUrl, ...key }) {
    this.baseUrl = baseUrl;
    this.key = key;
  }

  /** A link to a film for an hour; for one address, or not before a time, if asked. */
  link(film, { now, opensAt, address }) {
    const closesAt = (opensAt ?? now) + HOUR;
    const url = getSignedUrl({
      url: `${this.baseUrl}/films/${encodeURIComponent(film)}`,
      dateLessThan: iso(closesAt),
      ...(opensAt && { dateGreaterThan: iso(opensAt) }),
      ...(address && { ipAddress: address }),
      ...this.key,
    });
    return { url, opensAt: opensAt ?? null, closesAt };
  }

  /** Cookies that open everything below /hls/ for two hours. */
  cookies({ now }) {
    const condition = { DateLessThan: { "AWS:EpochTime": now + 2 * HOUR } };
    const policy = JSON.stringify({ Statement: [{ Resource: `${this.baseUrl}/hls/*`, Condition: condition }] });
    return getSignedCookies({ policy, ...this.key });
  }
}

const iso = (seconds) => new Date(seconds * 1000).toISOString();
