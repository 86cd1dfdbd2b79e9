// Signs with @aws-sdk/cloudfront-signer.
import { readFileSync } from "node:fs";
import { require, run, version } from "./jobs.mjs";

const name = "@aws-sdk/cloudfront-signer";
const { getSignedCookies, getSignedUrl } = require(name);

// The SDK takes another resource than the URL only inside a policy text that its user wrote.
function policy({ resource, expires, not_before, ip }) {
  const Condition = { DateLessThan: { "AWS:EpochTime": expires } };
  if (not_before != null) Condition.DateGreaterThan = { "AWS:EpochTime": not_before };
  if (ip != null) Condition.IpAddress = { "AWS:SourceIp": ip };
  return JSON.stringify({ Statement: [{ Resource: resource, Condition }] });
}

function sign(job) {
  const input = {
    url: job.url,
    keyPairId: job.key_pair_id,
    privateKey: readFileSync(job.private_key_file, "utf8"),
    algorithm: job.hash,
  };
  if (job.policy != null || job.resource != null) {
    input.policy = job.policy ?? policy(job);
  } else {
    input.dateLessThan = new Date(job.expires * 1000);
    if (job.not_before != null) input.dateGreaterThan = new Date(job.not_before * 1000);
    if (job.ip != null) input.ipAddress = job.ip;
  }
  if (job.kind === "url") return getSignedUrl(input);
  return Object.fromEntries(Object.entries(getSignedCookies(input)).map(([key, value]) => [key, String(value)]));
}

run(`${name} ${version(name)}`, sign);
