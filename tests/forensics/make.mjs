// Links and cookies gone wrong, each made by the tool that its case in cases.toml names: one JSON object a line.
// FRONTGATE_KEYS is a JSON object of key names, each with the id under which links name it and its PEM files.
import { createHash, createSign, constants, privateEncrypt, sign as signOnce, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { require } from "../signers/jobs.mjs";

const { getSignedCookies, getSignedUrl } = require("@aws-sdk/cloudfront-signer");
const npm = require("aws-cloudfront-sign");

const HOST = "d111111abcdef8.cloudfront.net";
const BASE = `https://${HOST}`;
const URL_ = `${BASE}/a.mp4`;
const END = 1990000000;
const NOW = 1900000000;
const KEYS = JSON.parse(process.env.FRONTGATE_KEYS);
const pem = (name) => readFileSync(KEYS[name].private, "utf8");
const id = (name) => KEYS[name].id;
const seconds = (at) => new Date(at * 1000).toISOString();

const signer = (more = {}) => ({
  keyPairId: id("rsa"),
  privateKey: pem("rsa"),
  dateLessThan: seconds(END),
  ...more,
});
const sdkUrl = (url, more) => getSignedUrl(signer({ url, ...more }));
const header = (cookies) =>
  Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");
const sdkCookies = (signed, requested, more) => ({
  url: requested,
  cookies: [header(getSignedCookies(signer({ url: signed, ...more })))],
});
const policy = (resource, expires = END) => ({
  Statement: [{ Resource: resource, Condition: { DateLessThan: { "AWS:EpochTime": expires } } }],
});
const canned = (url, expires) => JSON.stringify(policy(url, expires));
const cf64 = (data) => Buffer.from(data).toString("base64").replaceAll("+", "-").replaceAll("=", "_").replaceAll("/", "~");
const withQuery = (url, ...pairs) => url + (url.includes("?") ? "&" : "?") + pairs.join("&");
const sha1 = (message, key = "rsa") => createSign("RSA-SHA1").update(message).sign(pem(key));
const link = (url, signature, { expires = END, key = "rsa", more = [] } = {}) =>
  withQuery(url, `Expires=${expires}`, `Signature=${cf64(signature)}`, `Key-Pair-Id=${id(key)}`, ...more);
const swap = (text, old, fresh) => {
  if (!text.includes(old)) throw new Error(`no ${old} in ${text}`);
  return text.replaceAll(old, fresh);
};

const cases = {
  // --- valid links: nothing to name
  "valid-sdk-js-awkward-path": () => sdkUrl(`${BASE}/a b,c=d.mp4?t=it's`),
  "valid-sdk-js-sha256-cookies": () => sdkCookies(URL_, URL_, { algorithm: "SHA256", dateGreaterThan: seconds(NOW - 60) }),
  "valid-npm-expires-and-policy": () =>
    npm.getSignedUrl(URL_, { keypairId: id("rsa"), privateKeyString: pem("rsa"), expireTime: END * 1000 }),

  // --- keys, hashes and padding
  "sdk-js-rotated-key": () => sdkCookies(URL_, URL_, { privateKey: pem("rsa2"), ipAddress: "203.0.113.0/24" }),
  "sdk-js-ecdsa-rotated-key": () => sdkUrl(URL_, { keyPairId: id("ecdsa"), privateKey: pem("ecdsa2") }),
  "node-sha256": () => link(URL_, createSign("RSA-SHA256").update(canned(URL_)).sign(pem("rsa"))),
  "node-ecdsa-sha256": () => link(URL_, signOnce("sha256", canned(URL_), pem("ecdsa")), { key: "ecdsa" }),
  "sdk-js-hash-parameter-dropped": () => swap(sdkUrl(URL_, { algorithm: "SHA256" }), "&Hash-Algorithm=SHA256", ""),
  "sdk-js-hash-cookie-not-set": () => {
    const made = getSignedCookies(signer({ url: URL_, algorithm: "SHA256" }));
    delete made["CloudFront-Hash-Algorithm"];
    return { url: URL_, cookies: [header(made)] };
  },
  "sdk-js-hash-parameter-added": () => withQuery(sdkUrl(URL_), "Hash-Algorithm=SHA256"),
  "sdk-js-hash-cookie-set-by-hand": () => {
    const made = getSignedCookies(signer({ url: URL_ }));
    return { url: URL_, cookies: [header({ ...made, "CloudFront-Hash-Algorithm": "SHA256" })] };
  },
  "node-sha512": () => link(URL_, createSign("RSA-SHA512").update(canned(URL_)).sign(pem("rsa"))),
  "node-pss": () => {
    const key = { key: pem("rsa"), padding: constants.RSA_PKCS1_PSS_PADDING };
    return link(URL_, signOnce("sha1", canned(URL_), key));
  },
  "node-private-encrypt": () => link(URL_, privateEncrypt(pem("rsa"), createHash("sha1").update(canned(URL_)).digest())),
  "node-private-encrypt-sha256": () => {
    const digest = createHash("sha256").update(canned(URL_)).digest();
    return link(URL_, privateEncrypt(pem("rsa"), digest), { more: ["Hash-Algorithm=SHA256"] });
  },
  "webcrypto-ecdsa": async () => {
    const der = Buffer.from(pem("ecdsa").replace(/-----[^-]+-----|\s/g, ""), "base64");
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
    const signature = await webcrypto.subtle.sign(algorithm, key, Buffer.from(canned(URL_)));
    return link(URL_, Buffer.from(signature), { key: "ecdsa", more: ["Hash-Algorithm=SHA256"] });
  },
  "node-ieee-p1363": () => {
    const key = { key: pem("ecdsa"), dsaEncoding: "ieee-p1363" };
    return link(URL_, signOnce("sha1", canned(URL_), key), { key: "ecdsa" });
  },

  // --- the URL
  "sdk-js-http": () => swap(sdkUrl(`http://${HOST}/a.mp4`), "http://", "https://"),
  "sdk-js-cookies-http": () => sdkCookies(`http://${HOST}/a.mp4`, URL_),
  "sdk-js-cookies-unencoded-path": () => sdkCookies(`${BASE}/a b.mp4`, encodeURI(`${BASE}/a b.mp4`)),
  "sdk-js-8033-raw-path": () => {
    const raw = `${BASE}/w=200,h=100/a b.jpg`;
    const [, segments] = raw.split(HOST);
    const sent = BASE + segments.split("/").map(encodeURIComponent).join("/");
    return link(sent, sha1(canned(raw)));
  },
  "encode-uri-component-whole-path": () => {
    const path = "videos/2026/a.mp4";
    return link(`${BASE}/${path}`, sha1(canned(`${BASE}/${encodeURIComponent(path)}`)));
  },
  "encode-uri-component-segment": () => {
    const name = "a+b&c.mp4";
    return link(`${BASE}/${name}`, sha1(canned(`${BASE}/${encodeURIComponent(name)}`)));
  },
  "encode-uri-against-component": () => {
    const name = "w=200,h=100.jpg";
    return link(`${BASE}/${encodeURIComponent(name)}`, sha1(canned(encodeURI(`${BASE}/${name}`))));
  },
  "decode-uri-signed": () => {
    const url = `${BASE}/caf%C3%A9/men%C3%BC.pdf`;
    return link(url, sha1(canned(decodeURI(url))));
  },
  "node-legacy-url-apostrophe": () => {
    const url = `${BASE}/it's.mp4`;
    return link(swap(url, "'", "%27"), sha1(canned(url)));
  },
  "node-ecdsa-path-encoding": () => {
    const url = `${BASE}/a b.mp4`;
    return link(encodeURI(url), sha1(canned(url), "ecdsa"), { key: "ecdsa" });
  },
  "node-url-resolves-dots": () => {
    const asked = `${BASE}/videos/../a.mp4`;
    return link(asked, sha1(canned(new URL(asked).href)));
  },
  "node-url-resolves-dots-cookies": () => {
    const asked = `${BASE}/videos/./2026/../a.mp4`;
    return sdkCookies(new URL(asked).href, asked);
  },
  "ecdsa-double-slash": () => {
    const asked = `${BASE}//videos//a.mp4`;
    const signed = BASE + new URL(asked).pathname.replace(/\/+/g, "/");
    return link(asked, sha1(canned(signed), "ecdsa"), { key: "ecdsa" });
  },
  "node-url-adds-slash": () => new URL(link(BASE, sha1(canned(BASE)))).href,
  "sdk-js-cache-buster": () => withQuery(sdkUrl(URL_), "_=1900000000123"),
  "hls-js-low-latency": () => withQuery(sdkUrl(`${BASE}/live/index.m3u8`), "_HLS_msn=42", "_HLS_part=1"),
  "search-params-append": () => {
    const url = new URL(sdkUrl(`${URL_}?size=large`));
    url.searchParams.append("quality", "hd");
    return url.href;
  },
  "search-params-sort": () => {
    const url = new URL(`${URL_}?size=large&id=7&format=webp`);
    const sorted = new URL(url);
    sorted.searchParams.sort();
    return link(sorted.href, sha1(canned(url.href)));
  },
  "sdk-js-space-in-query": () => sdkCookies(`${URL_}?title=a b`, new URL(`${URL_}?title=a b`).href),
  "sdk-js-8277-plus": () => link(`${URL_}?q=a%2Bb`, sha1(canned(`${URL_}?q=a+b`))),
  "browser-encodes-apostrophe": () => link(new URL(`${URL_}?t=it's`).href, sha1(canned(`${URL_}?t=it's`))),
  "search-params-to-string": () => {
    const raw = `${URL_}?name=x%20y&when=10:30`;
    return link(`${URL_}?${new URLSearchParams(new URL(raw).search)}`, sha1(canned(raw)));
  },
  "search-params-bare-flag": () => {
    const raw = `${URL_}?flag`;
    return link(`${URL_}?${new URLSearchParams(new URL(raw).search)}`, sha1(canned(raw)));
  },
  "npm-reencodes-query": () =>
    npm.getSignedUrl(`${URL_}?u=https://a.com/`, { keypairId: id("rsa"), privateKeyString: pem("rsa"), expireTime: END * 1000 }),
  "ecdsa-query-encoding": () => {
    const raw = `${URL_}?t=it's me`;
    return link(new URL(raw).href, sha1(canned(raw), "ecdsa"), { key: "ecdsa" });
  },
  "sdk-js-signs-key-pair-id": () => {
    const url = new URL(URL_);
    url.searchParams.set("Expires", END);
    url.searchParams.set("Key-Pair-Id", id("rsa"));
    return withQuery(url.href, `Signature=${cf64(sha1(canned(url.href)))}`);
  },
  "sdk-js-cookies-wildcard": () => sdkCookies(`${BASE}/videos/*`, `${BASE}/videos/2026/a.ts`),
  "sdk-js-cookies-scheme-and-star": () => sdkCookies("https://*", URL_),

  // --- the policy's text
  "json-stringify-indented": () => link(URL_, sha1(JSON.stringify(policy(URL_), null, 2))),
  "sdk-js-policy-indented": () => {
    const spaced = JSON.stringify(policy(`${BASE}/*`), null, 2);
    const made = getSignedUrl({ url: URL_, policy: spaced, keyPairId: id("rsa"), privateKey: pem("rsa") });
    return made.replace(/Policy=[^&]*/, `Policy=${cf64(canned(`${BASE}/*`))}`);
  },
  "json-key-order": () => {
    const [{ Resource, Condition }] = policy(URL_).Statement;
    return link(URL_, sha1(JSON.stringify({ Statement: [{ Condition, Resource }] })));
  },
  "json-key-order-ecdsa": () => {
    const [{ Resource, Condition }] = policy(URL_).Statement;
    return link(URL_, sha1(JSON.stringify({ Statement: [{ Condition, Resource }] }), "ecdsa"), { key: "ecdsa" });
  },
  "statement-object-js": () => link(URL_, sha1(JSON.stringify({ Statement: policy(URL_).Statement[0] }))),
  "quoted-number-js": () => link(URL_, sha1(canned(URL_, String(END)))),

  // --- time
  "sdk-js-v2-milliseconds": () => {
    const expires = END * 1000 + 879;
    return link(URL_, sha1(canned(URL_, expires)), { expires });
  },
  "sdk-js-custom-milliseconds": () => {
    const text = canned(`${BASE}/*`, END * 1000 + 879);
    return { url: URL_, cookies: [header(getSignedCookies({ policy: text, keyPairId: id("rsa"), privateKey: pem("rsa") }))] };
  },
  "sdk-js-expired": () => sdkUrl(URL_, { dateLessThan: seconds(NOW - 60) }),
  "sdk-js-starts-now": () => sdkUrl(URL_, { dateGreaterThan: seconds(NOW) }),
  "npm-ip-range-of-localhost": () => {
    const options = { keypairId: id("rsa"), privateKeyString: pem("rsa"), expireTime: END * 1000, ipRange: "127.0.0.1/32" };
    return npm.getSignedUrl(URL_, options);
  },

  // --- what was given to the signing function
  "node-base64-signed": () => {
    const text = canned(`${BASE}/*`);
    const encoded = cf64(text);
    return withQuery(URL_, `Policy=${encoded}`, `Signature=${cf64(sha1(encoded))}`, `Key-Pair-Id=${id("rsa")}`);
  },
  "node-digest-signed": () => link(URL_, sha1(createHash("sha1").update(canned(URL_)).digest())),
  "node-hex-digest-signed": () => link(URL_, sha1(createHash("sha1").update(canned(URL_)).digest("hex"))),
  "node-url-signed": () => link(URL_, sha1(URL_)),

  // --- encodings
  "node-base64url": () => {
    for (let expires = END; ; expires += 1) {
      const signature = sha1(canned(URL_, expires)).toString("base64url");
      if (/-/.test(signature) && /_/.test(signature))
        return withQuery(URL_, `Expires=${expires}`, `Signature=${signature}`, `Key-Pair-Id=${id("rsa")}`);
    }
  },
  "node-hex": () =>
    withQuery(URL_, `Expires=${END}`, `Signature=${sha1(canned(URL_)).toString("hex")}`, `Key-Pair-Id=${id("rsa")}`),
  "search-params-plain-base64": () => {
    for (let expires = END; ; expires += 1) {
      const signature = sha1(canned(URL_, expires)).toString("base64");
      if (!/\+/.test(signature) || !/\//.test(signature)) continue;
      return `${URL_}?${new URLSearchParams({ Expires: expires, Signature: signature, "Key-Pair-Id": id("rsa") })}`;
    }
  },
  "encode-uri-component-twice": () => {
    for (let expires = END; ; expires += 1) {
      const signature = sha1(canned(URL_, expires)).toString("base64");
      if (!/\+/.test(signature)) continue;
      const twice = encodeURIComponent(encodeURIComponent(signature));
      return withQuery(URL_, `Expires=${expires}`, `Signature=${twice}`, `Key-Pair-Id=${id("rsa")}`);
    }
  },

  // --- what was sent
  "sdk-js-policy-cookie-undefined": () => {
    const made = getSignedCookies(signer({ url: URL_ }));
    const names = ["CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"];
    return { url: URL_, cookies: [names.map((name) => `${name}=${made[name]}`).join("; ")] };
  },
  "sdk-js-wildcard-policy-other-folder": () => {
    const made = getSignedUrl({ url: `${BASE}/images/a.jpg`, policy: canned(`${BASE}/videos/*`), keyPairId: id("rsa"), privateKey: pem("rsa") });
    return made;
  },

  // --- several at once
  "sdk-js-cookies-http-and-path": () => sdkCookies(`http://${HOST}/a b.mp4`, `${BASE}/a%20b.mp4`),
  "slash-space-and-apostrophe": () => {
    const raw = `${BASE}//a b.mp4?t=it's`;
    return link(new URL(raw).href.replace(`${HOST}//`, `${HOST}/`), sha1(canned(raw)));
  },
  "node-sha512-and-http": () =>
    link(URL_, createSign("RSA-SHA512").update(canned(`http://${HOST}/a.mp4`)).sign(pem("rsa"))),
};

for (const [name, make] of Object.entries(cases)) {
  const made = await make();
  process.stdout.write(`${JSON.stringify({ name, ...(typeof made === "string" ? { url: made } : made) })}\n`);
}
