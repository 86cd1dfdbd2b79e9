// The site with common signing mistakes: each must fail, and the failure must name its cause.
import assert, { AssertionError } from "node:assert";
import fs from "node:fs";
import { test } from "node:test";
import { getSignedUrl } from "@aws-sdk/cloudfront-signer";
import { useFrontgate } from "frontgate/node-test";
import { site } from "./site.mjs";

const MEDIA = "https://media.example.com";
const edge = useFrontgate({ baseUrls: MEDIA });
const key = () => ({ keyPairId: edge.keyPairId, privateKey: edge.privateKeyPem });

/** A policy written by hand. */
const policy = (end) => JSON.stringify({ Statement: [{ Resource: `${MEDIA}/films/intro.mp4`, Condition: { DateLessThan: { "AWS:EpochTime": end } } }] });

// How the link is created, and the cause or warning that the failure names.
const MISTAKES = {
  "wrong-scheme": ["scheme", async (t) => (await (await site(t, edge, MEDIA.replace("https", "http"))).link("intro.mp4")).url],
  "re-encoded-path": ["path-encoding", async (t) => encodeURI((await (await site(t, edge, MEDIA)).link("a day out.mp4")).url)],
  milliseconds: ["milliseconds", () => getSignedUrl({ url: `${MEDIA}/films/intro.mp4`, policy: policy(Date.now() + 3_600_000), ...key() })],
  "parameter-added": ["query-added", async (t) => `${(await (await site(t, edge, MEDIA)).link("intro.mp4")).url}&utm_source=mail`],
};

for (const [name, [cause, make]] of Object.entries(MISTAKES)) {
  test(`${name} is caught, and named`, async (t) => {
    const url = await make(t);
    const error = await edge.assertAllowed(url).then(() => assert.fail(`${name} was not caught`), (error) => error);
    assert.ok(error instanceof AssertionError, error.stack);
    assert.match(error.message, new RegExp(`^ +(cause|warning): ${cause}\\b`, "m"));
    recorded(name, error.message);
  });
}

/** Compares with the file of that name; FRONTGATE_BLESS=1 writes it. */
function recorded(name, message) {
  const file = new URL(`failures/${name}.txt`, import.meta.url);
  const found = `${withoutChance(message)}\n`;
  if (process.env.FRONTGATE_BLESS === "1") fs.writeFileSync(file, found);
  assert.equal(found, fs.readFileSync(file, "utf8"));
}

/** What differs from run to run, replaced. */
function withoutChance(message) {
  return message
    .replaceAll(`:${new URL(edge.url).port}`, ":PORT")
    .replaceAll(edge.keyPairId, "KEY")
    .replace(/Signature=[^&\s]+/g, "Signature=…")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
    .replace(/, [^,]+ before the end/g, ", A WHILE before the end")
    .replace(/until the year \d+/g, "until the year YEAR")
    .replace(/, \d+ d [^,]* before the end/g, ", A WHILE before the end")
    .replace(/\b\d{13}\b/g, "MILLISECONDS")
    .replace(/\b\d{10}\b/g, "SECONDS");
}
