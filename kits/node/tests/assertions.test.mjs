import assert, { AssertionError } from "node:assert";
import { test } from "node:test";
import { useFrontgate } from "frontgate/node-test";
import { now, signed, signedInMilliseconds } from "./sign.mjs";

const edge = useFrontgate();

/** What the assertion says when it fails. */
async function failure(run) {
  const error = await run().then(() => assert.fail("the assertion passed"), (error) => error);
  assert.ok(error instanceof AssertionError, error.stack);
  assert.equal(error.code, "ERR_ASSERTION");
  return error;
}

test("assertAllowed says why it was denied, and what explain says", async () => {
  const link = signed(edge, `${edge.url}/a`);
  const { message, expected, actual, operator } = await failure(() => edge.at("+2h").fromIp("203.0.113.9").assertAllowed(link));
  const [first, ...rest] = message.split("\n");
  assert.match(first, /^expected GET http:\S+\/a\?Expires=\d+&Key-Pair-Id=K\w+&Signature=.{6}… at \+2h from 203\.0\.113\.9 to be allowed, but it was denied: expired \(403\)$/);
  assert.ok(rest.length > 3 && rest.every((line) => line === "" || line.startsWith("    ")), message);
  assert.match(message, /FAIL +expiry/);
  assert.deepEqual([expected, actual, operator], ["allowed", "denied: expired", "assertAllowed"]);
});

test("a link to the edge's own address that was signed for https is explained as it was asked: by http", async () => {
  const link = signed(edge, `${edge.url.replace("http:", "https:")}/a`);
  const { message } = await failure(() => edge.assertAllowed(link));
  assert.match(message, /^expected GET http:\S+ to be allowed, but it was denied: signature-mismatch \(403\)\n[^]*cause: scheme \(proven\)/);
});

test("an end in milliseconds isn't what was meant", async () => {
  const link = signedInMilliseconds(edge, `${edge.url}/a`);
  assert.deepEqual((await edge.get(link)).warnings, ["milliseconds"]);
  const { message, expected, actual } = await failure(() => edge.assertAllowed(link));
  const [first] = message.split("\n");
  assert.match(first, /to be allowed as it was meant, but DateLessThan is \d{13}: CloudFront allows it until the year \d{5}\. .*allowWarnings: true lets it pass$/);
  assert.match(message, /^ +warning: milliseconds: /m);
  assert.deepEqual([expected, actual], ["allowed as it was meant", "allowed, with the warning milliseconds"]);
  await edge.assertAllowed(link, { allowWarnings: true });
  await edge.assertDenied(`${link}&x=1`, { reason: "resource-mismatch" });
  await edge.assertAllowed(signed(edge, `${edge.url}/a`), { allowWarnings: true });
});

test("no message holds a whole signature, nor the key", async () => {
  const link = signed(edge, `${edge.url}/a`);
  const { message } = await failure(() => edge.at("+2h").assertAllowed(link));
  assert.ok(!message.includes(new URL(link).searchParams.get("Signature")));
  assert.ok(!message.includes("PRIVATE KEY"));
});

test("assertDenied says that it was allowed, or denied for another reason", async () => {
  const allowed = await failure(() => edge.assertDenied("/public/a"));
  assert.match(allowed.message, /^expected GET \S+ to be denied, but it was allowed \(the origin responded with 200\)\n/);
  const other = await failure(() => edge.assertDenied("/a", { reason: "expired" }));
  assert.match(other.message, /to be denied: expired, but it was denied: missing-key-pair-id \(403\)\n/);
});

test("other methods are asked as given", async () => {
  await edge.assertAllowed("/public/a", { method: "HEAD" });
  await edge.assertDenied("/a", { method: "DELETE", reason: "missing-key-pair-id" });
  const { message } = await failure(() => edge.assertAllowed("/a", { method: "DELETE" }));
  assert.match(message, /^expected DELETE http/);
  assert.deepEqual((await edge.requests()).map(({ method }) => method).slice(-1), ["HEAD"]);
});

test("an origin's own refusal isn't the edge's", async () => {
  await edge.reload({ origin: (_, response) => response.writeHead(403).end() });
  await edge.assertAllowed("/public/a");
  await edge.assertAllowed(signed(edge, `${edge.url}/a`));
});

test("assertValidBetween: canned links have no beginning", async () => {
  const end = now() + 3600;
  const link = signed(edge, `${edge.url}/a`, end);
  await edge.assertValidBetween(link, null, end);
  const late = await failure(() => edge.assertValidBetween(link, null, end - 1));
  assert.match(late.message, /at \S+Z \(its end\) to be denied: expired, but it was allowed/);
  const early = await failure(() => edge.assertValidBetween(link, null, end + 1));
  assert.match(early.message, /\(the last second before its end\) to be allowed, but it was denied: expired/);
  const begins = await failure(() => edge.assertValidBetween(link, end - 60, end));
  assert.match(begins.message, /\(its beginning, still closed\) to be denied: not-yet-valid, but it was allowed/);
});

test("assertValidBetween: closed in the second of the beginning, open from the next one", async () => {
  const [start, end] = [now() + 600, now() + 3600];
  const link = signed(edge, `${edge.url}/a`, end, { dateGreaterThan: new Date(start * 1000).toISOString() });
  await edge.assertValidBetween(link, start, end);
  await edge.fromIp("203.0.113.9").assertValidBetween(link, new Date(start * 1000), new Date(end * 1000));
  for (const wrong of [start - 1, start + 1]) await failure(() => edge.assertValidBetween(link, wrong, end));
  await failure(() => edge.assertValidBetween(link, null, end));
});

test("assertPrivate names the path that is open", async () => {
  await edge.assertPrivate("/members/*");
  await edge.assertPrivate("/hls/*.m3u8");
  const { message } = await failure(() => edge.assertPrivate("/public/films/*"));
  assert.match(message, /^expected \/public\/films\/\* to be private, but \/public\/films\/\S* needs no signature: the behavior \/public\/\* of the distribution \S+ trusts no key group/);
  await failure(() => edge.assertPrivate("*"));
});
