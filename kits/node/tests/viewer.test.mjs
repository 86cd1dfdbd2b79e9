import assert from "node:assert/strict";
import { test } from "node:test";
import { FrontgateError } from "frontgate";
import { startFor, useFrontgate } from "frontgate/node-test";
import { iso, now, signed, signedCookies } from "./sign.mjs";

const MEDIA = "https://media.example.com";
const edge = useFrontgate({ baseUrls: MEDIA });

test("a viewer is judged at its time", async () => {
  const end = now() + 3600;
  const link = signed(edge, `${edge.url}/a`, end);
  await edge.assertAllowed(link);
  await edge.at(end - 1).assertAllowed(link);
  for (const time of [end, String(end), iso(end), new Date(end * 1000), new Date(end * 1000 + 999), end + 0.5, "+2h"]) {
    await edge.at(time).assertDenied(link, { reason: "expired" });
  }
});

test("a viewer is judged from its address", async () => {
  const link = signed(edge, `${edge.url}/a`, now() + 3600, { ipAddress: "203.0.113.0/24" });
  await edge.assertDenied(link, { reason: "ip-mismatch" });
  await edge.fromIp("203.0.113.9").assertAllowed(link);
});

test("a viewer brings cookies: as an object, as a header, as lines of Set-Cookie", async () => {
  const end = now() + 3600;
  const cookies = signedCookies(edge, `${edge.url}/hls/*`, end);
  const pairs = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  for (const given of [cookies, pairs.join("; "), pairs.map((pair) => `${pair}; Path=/; HttpOnly`)]) {
    const viewer = edge.withCookies(given);
    await viewer.assertAllowed("/hls/1.ts");
    await viewer.assertDenied("/other", { reason: "resource-mismatch" });
    await viewer.at(end).assertDenied("/hls/1.ts", { reason: "expired" });
  }
});

test("viewers never change, and chain in any order", async () => {
  const viewer = edge.at("2026-11-24T10:00:00.9+01:00");
  const all = viewer.fromIp("::1").withCookies("a=1").withCookies({ b: 2, c: undefined });
  assert.deepEqual(edge.headers, {});
  assert.deepEqual(viewer.headers, { "X-Frontgate-Now": "2026-11-24T09:00:00Z" });
  assert.deepEqual(all.headers, { "X-Frontgate-Now": "2026-11-24T09:00:00Z", "X-Frontgate-Viewer-Ip": "::1", Cookie: "a=1; b=2" });
  const other = edge.withCookies("a=1; b=2").fromIp("::1").at(new Date("2026-11-24T09:00:00Z"));
  assert.deepEqual(other.headers, all.headers);
});

test("a link is sent as its bytes are; fetch normalises", async () => {
  const link = "/public/a/./b?x='|[]&%7e";
  assert.equal((await edge.get(link)).json().target, link);
  assert.equal((await (await edge.fetch(link)).json()).target, "/public/a/b?x=%27|[]&%7e");
});

test("a fragment isn't sent, and a host alone asks for the root", async () => {
  await edge.get("/public/a#part");
  const [request] = (await edge.requests()).slice(-1);
  assert.equal(request.target, "/public/a");
  await edge.assertAllowed(signed(edge, `${edge.url}/?a=1`).replace("/?", "?"));
});

test("links for a base URL open on the edge, by each way of asking", async () => {
  const link = signed(edge, `${MEDIA}/a?b=c`);
  await edge.assertAllowed(link);
  assert.equal((await edge.get(link)).status, 200);
  assert.equal((await edge.fetch(link)).status, 200);
  assert.equal((await edge.explain(link)).report.decision, "allow");
  await edge.assertDenied(link.replace("/a?", "/b?"), { reason: "signature-mismatch" });
});

test("fetch brings the viewer's headers, and those of the request win", async () => {
  const link = signed(edge, `${edge.url}/a`);
  assert.equal((await edge.at("+2h").fetch(link)).status, 403);
  assert.equal((await edge.at("+2h").fetch(link, { headers: { "x-frontgate-now": "now" } })).status, 200);
});

test("no way of asking follows a redirect", async (t) => {
  const away = await startFor(t, { origin: (_, response) => response.writeHead(302, { Location: "http://example.invalid/" }).end() });
  assert.equal((await away.get("/public/a")).status, 302);
  assert.equal((await away.fetch("/public/a")).status, 302);
});

test("an explanation has a text and a report", async () => {
  const { text, report } = await edge.at("+2h").fromIp("203.0.113.9").explain(signed(edge, `${edge.url}/a`));
  assert.match(text, /expired/);
  assert.deepEqual([report.decision, report.reason, report["viewer-ip"]], ["deny", "expired", "203.0.113.9"]);
});

const WRONG = [
  ["milliseconds", () => edge.at(Date.now()), /the time \d{13} is out of range: these are milliseconds; divide by 1000 or pass a Date/],
  ["milliseconds as a text", () => edge.at(String(Date.now())), /these are milliseconds/],
  ["a time without a zone", () => edge.at("2026-11-24T10:00:00"), /it has no time zone, did you mean 2026-11-24T10:00:00Z\?/],
  ["a date alone", () => edge.at("2026-11-24"), /did you mean 2026-11-24T00:00:00Z\?/],
  ["a distance without a sign", () => edge.at("2h"), /did you mean \+2h\?/],
  ["an invalid Date", () => edge.at(new Date("x")), /an invalid Date is not a valid time/],
  ["no time", () => edge.at(undefined), /undefined is not a valid time; expected a Date, Unix seconds/],
  ["NaN", () => edge.at(Number.NaN), /NaN is not a valid time/],
  ["before 1970", () => edge.at(-1), /the time -1 is out of range/],
  ["no address", () => edge.fromIp("203.0.113"), /"203\.0\.113" is not an IP address; expected IPv4 such as 203\.0\.113\.9/],
  ["a cookie without a name", () => edge.withCookies("a"), /the cookie "a" has no name; expected name=value/],
  ["a cookie with a line break", () => edge.withCookies({ a: "1\n2" }), /the cookie "a" can't be sent/],
  ["cookies of a wrong type", () => edge.withCookies(7), /7 can't be read as cookies/],
  ["a link that is none", () => edge.get("media.example.com/a"), /"media\.example\.com\/a" is not a link; expected http:\/\/ or https:\/\//],
  ["a promise as a link", () => edge.get(Promise.resolve("/a")), /a URL was expected, but found a promise \(is an `await` missing\?\)/],
  ["a link with a space", () => edge.assertAllowed("/a b"), /holds the character 0x20, which can't be sent; percent-encode it as %20 before signing/],
  ["a reason that isn't known", () => edge.assertDenied("/a", { reason: "not-valid-yet" }), /"not-valid-yet" is not a known reason; did you mean `not-yet-valid`\?/],
  ["a key's id that is none", () => edge.revokeKey(undefined), /undefined is not a key id/],
  ["an empty pattern", () => edge.assertPrivate(""), /"" is not a pattern/],
  ["a window without a second", () => edge.assertValidBetween("/a", 10, 11), /there is no second in which a link could be valid/],
];

for (const [name, act, message] of WRONG) {
  test(`refused with one clear error: ${name}`, async () => {
    await assert.rejects(async () => act(), (error) => {
      assert.ok(error instanceof FrontgateError, String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  });
}
