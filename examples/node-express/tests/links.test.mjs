import assert from "node:assert/strict";
import { test } from "node:test";
import { startFor, useFrontgate } from "frontgate/node-test";
import { site } from "./site.mjs";

const MEDIA = "https://media.example.com";
const edge = useFrontgate({ origin: (request, response) => response.end(`film at ${request.url}`), baseUrls: MEDIA });

// A change to a link, and the reason of the denial (null: allowed).
const LINKS = [
  ["a link opens", "intro.mp4", (url) => url, null],
  ["a name with spaces opens", "a day out.mp4", (url) => url, null],
  ["a link that was tampered with", "intro.mp4", (url) => url.replace(/Signature=(.)/, (_, first) => `Signature=${first === "A" ? "B" : "A"}`), "signature-mismatch"],
  ["a link for another film", "intro.mp4", (url) => url.replace("intro", "premiere"), "signature-mismatch"],
  ["a parameter more", "intro.mp4", (url) => `${url}&utm_source=mail`, "signature-mismatch"],
  ["a later end", "intro.mp4", (url) => url.replace("Expires=1", "Expires=2"), "signature-mismatch"],
  ["no signature", "intro.mp4", (url) => url.replace(/Signature=[^&]*&?/, ""), "missing-signature"],
  ["nothing of it", "intro.mp4", (url) => url.replace(/\?.*/, ""), "missing-key-pair-id"],
];

for (const [name, film, change, reason] of LINKS) {
  test(`${name}: ${reason ?? "allowed"}`, async (t) => {
    const { link } = await site(t, edge);
    const url = change((await link(film)).url);
    await (reason ? edge.assertDenied(url, { reason }) : edge.assertAllowed(url));
  });
}

test("a link gives the film", async (t) => {
  const { link } = await site(t, edge);
  assert.equal(await (await edge.fetch((await link("a day out.mp4")).url)).text(), "film at /films/a%20day%20out.mp4");
});

test("a link ends at its very second", async (t) => {
  const { link } = await site(t, edge);
  const { url, closesAt } = await link("intro.mp4");
  await edge.assertValidBetween(url, null, closesAt);
});

test("a premiere begins and ends at its very second", async (t) => {
  const { link } = await site(t, edge);
  const { url, opensAt, closesAt } = await link("premiere.mp4");
  await edge.assertDenied(url, { reason: "not-yet-valid" });
  await edge.assertValidBetween(url, opensAt, closesAt);
});

test("a private link opens for the address that asked for it", async (t) => {
  const { link } = await site(t, edge);
  const { url } = await link("intro.mp4", "?private");
  await edge.assertAllowed(url);
  await edge.fromIp("203.0.113.9").assertDenied(url, { reason: "ip-mismatch" });
});

test("a link for the real name opens, too", async (t) => {
  const { link } = await site(t, edge, MEDIA);
  const { url } = await link("intro.mp4");
  assert.ok(url.startsWith(`${MEDIA}/films/intro.mp4?`));
  await edge.assertAllowed(url);
});

test("a session's cookies open streams, nothing else, for two hours", async (t) => {
  const { session } = await site(t, edge);
  const member = edge.withCookies(await session());
  await member.assertAllowed("/hls/live.m3u8");
  await member.assertAllowed("/hls/720p/1.ts");
  await member.at("+119m").assertAllowed("/hls/live.m3u8");
  await member.at("+121m").assertDenied("/hls/live.m3u8", { reason: "expired" });
  await member.assertDenied("/films/intro.mp4", { reason: "resource-mismatch" });
  await edge.assertDenied("/hls/live.m3u8", { reason: "missing-key-pair-id" });
});

test("films and streams are private", async () => {
  await edge.assertPrivate("/films/*");
  await edge.assertPrivate("/hls/*");
});

test("after a rotation, old links open until their key is revoked", async (t) => {
  const own = await startFor(t);
  const oldKey = own.keyPairId;
  const old = await (await site(t, own)).link("intro.mp4");
  await own.rotateKey();
  const fresh = await (await site(t, own)).link("intro.mp4");
  await own.assertAllowed(fresh.url);
  await own.assertAllowed(old.url);
  await own.revokeKey(oldKey);
  await own.assertDenied(old.url, { reason: "unknown-key" });
  await own.assertAllowed(fresh.url);
});
