// An application's signing, as README.md takes it to be there.

import { getSignedUrl } from "@aws-sdk/cloudfront-signer";

export function link(url, keyPairId, privateKey, end) {
  return getSignedUrl({ url, keyPairId, privateKey, dateLessThan: new Date(end * 1000) });
}
