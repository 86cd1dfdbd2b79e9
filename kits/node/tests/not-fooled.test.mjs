// What an assertion must not take for the edge's word about what was signed.

import assert from "node:assert";
import { test } from "node:test";
import { start, FrontgateError } from "frontgate";
import { startFor } from "frontgate/node-test";

const refused = (says) => (error) => error instanceof FrontgateError && says.test(error.message);

test("an origin does not speak for the edge", async (t) => {
  const edge = await startFor(t, { origin: (_, response) => response.setHeader("X-Frontgate-Reason", "expired").end("secret") });
  await edge.assertAllowed("/public/a");
  await assert.rejects(edge.assertDenied("/public/a", { reason: "expired" }), { code: "ERR_ASSERTION" });
});

test("what isn't understood is not a denial", async (t) => {
  const edge = await startFor(t);
  await assert.rejects(edge.at("+99999999999d").assertDenied("/a"), refused(/X-Frontgate-Now/));
  assert.throws(() => edge.fromIp("fe80::1%eth0"), refused(/not an IP address/));
  for (const url of ["http://127.0.0.1:43079film.mp4", "http://[::1", "http://h:port/x"]) {
    await assert.rejects(edge.assertDenied(url), refused(/not a host with an optional port|is not a link/), url);
  }
  await assert.rejects(edge.assertDenied("https://elsewhere.example.com/a"), refused(/`baseUrls` lists/));
  await edge.reload({ baseUrls: "https://elsewhere.example.com" });
  await edge.assertDenied("https://elsewhere.example.com/a");
});

test("only what was signed counts where no reason is named", async (t) => {
  const edge = await startFor(t);
  const long = `/${"a".repeat(9000)}`;
  await edge.assertDenied(long, { reason: "too-large" });
  await assert.rejects(edge.assertDenied(long), /name the reason if it was meant/);
});

test("options are objects with known names", async (t) => {
  const edge = await startFor(t);
  for (const [promise, says] of [
    [() => edge.assertDenied("/a", "ip-mismatch"), /assertDenied takes/],
    [() => edge.assertDenied("/a", null), /assertDenied takes/],
    [() => edge.assertDenied("/a", { reasons: "expired" }), /did you mean `reason`|did you mean "reason"/],
    [() => edge.assertAllowed("/public/a", { methode: "TRACE" }), /no option `methode`/],
    [() => edge.assertAllowed("/public/a", "TRACE"), /assertAllowed takes/],
    [() => edge.assertPrivate("/m/*", "host"), /assertPrivate takes/],
    [() => edge.assertPrivate(`${edge.url}/public/*`), /not a path pattern/],
    [() => edge.request("/public/a", { method: "CONNECT" }), /not a method of HTTP requests/],
  ]) {
    await assert.rejects(async () => promise(), refused(says), String(promise));
  }
  await assert.rejects(start({ privateKey: "-----BEGIN PRIVATE KEY-----\nsecret" }), (error) => /found the key itself/.test(error.message) && !/secret/.test(error.message));
});
