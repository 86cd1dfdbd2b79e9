// Signs with aws-cloudfront-sign.
import { require, run, unsupported, version } from "./jobs.mjs";

const name = "aws-cloudfront-sign";
const { getSignedCookies, getSignedUrl } = require(name);

function sign(job) {
  if (job.hash !== "SHA1") throw unsupported("it signs with SHA1 only");
  if (job.not_before != null) throw unsupported("it has no start date");
  if (job.policy != null) throw unsupported("it takes no policy text");
  if (job.kind === "url" && job.resource != null) throw unsupported("its URLs are for the very URL given");
  const options = {
    keypairId: job.key_pair_id,
    privateKeyPath: job.private_key_file,
    expireTime: job.expires * 1000,
    ipRange: job.ip,
  };
  return job.kind === "url" ? getSignedUrl(job.url, options) : getSignedCookies(job.resource ?? job.url, options);
}

run(`${name} ${version(name)}`, sign);
