import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import frontgate, { Edge, FrontgateError, start } from "frontgate";
import { startFor } from "frontgate/node-test";
import { signed } from "./sign.mjs";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "frontgate-start-"));
process.on("exit", () => fs.rmSync(folder, { recursive: true }));

test("an edge tells its address and its key", async (t) => {
  const edge = await startFor(t);
  assert.ok(edge instanceof Edge);
  assert.match(edge.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(edge.keyPairId, /^K[A-Z0-9]+$/);
  assert.match(edge.privateKeyPem, /^-----BEGIN PRIVATE KEY-----\n/);
  assert.equal(fs.readFileSync(edge.privateKeyFile, "utf8"), edge.privateKeyPem);
  assert.equal(fs.readFileSync(edge.publicKeyFile, "utf8"), edge.publicKeyPem);
  assert.deepEqual(edge.env, {
    FRONTGATE_URL: edge.url,
    FRONTGATE_KEY_PAIR_ID: edge.keyPairId,
    FRONTGATE_PRIVATE_KEY_FILE: edge.privateKeyFile,
    FRONTGATE_PUBLIC_KEY_FILE: edge.publicKeyFile,
  });
});

test("an edge is the same from either module system", async (t) => {
  const { createRequire } = await import("node:module");
  const required = createRequire(import.meta.url)("frontgate");
  assert.equal(required.start, start);
  assert.equal(required.default.start, frontgate.start);
  t.diagnostic("one copy of the package");
});

test("without an origin, it answers with what was asked", async (t) => {
  const edge = await startFor(t);
  const { method, target } = (await edge.request("/public/a?b=%41", { method: "GET" })).json();
  assert.deepEqual({ method, target }, { method: "GET", target: "/public/a?b=%41" });
});

const ORIGINS = {
  "a handler (request, response)": (request, response) => response.end(`seen ${request.url}`),
  "an async handler": async (request, response) => void response.end(`seen ${request.url}`),
  "an object with fetch": { fetch: async (request) => new Response(`seen ${new URL(request.url).pathname}`) },
};

for (const [name, origin] of Object.entries(ORIGINS)) {
  test(`the origin may be ${name}`, async (t) => {
    const edge = await startFor(t, { origin });
    assert.equal((await edge.get(signed(edge, `${edge.url}/a`))).text(), "seen /a");
  });
}

test("an object with fetch gets a body, and answers with status and several cookies", async (t) => {
  const origin = {
    fetch: async (request) => {
      const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
      return new Response(`${request.method} ${await request.text()}`, { status: 201, headers });
    },
  };
  const config = path.join(folder, "post.toml");
  fs.writeFileSync(
    config,
    `[[distributions]]\nid = "app"\ndomain-name = "localhost"\norigins = [{ id = "app", url = "http://127.0.0.1:9" }]\n` +
      `default-cache-behavior = { target-origin = "app", allowed-methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"] }\n`,
  );
  const edge = await startFor(t, { origin, config });
  const answer = await edge.request("/a", { method: "POST", body: "hello" });
  assert.deepEqual([answer.status, answer.text(), answer.headers["set-cookie"]], [201, "POST hello", ["a=1", "b=2"]]);
});

test("a handler that throws is answered with 500 and what it threw", async (t) => {
  const edge = await startFor(t, { origin: () => { throw new Error("no such film"); } });
  const answer = await edge.get("/public/a");
  assert.equal(answer.status, 500);
  assert.match(answer.text(), /the test's origin handler failed: Error: no such film/);
});

test("the origin may be a directory, and a URL", async (t) => {
  fs.mkdirSync(path.join(folder, "public"), { recursive: true });
  fs.writeFileSync(path.join(folder, "public", "a.txt"), "a file");
  const edge = await startFor(t, { origin: folder });
  assert.equal((await edge.get("/public/a.txt")).text(), "a file");
  const before = await startFor(t, { origin: new URL(edge.url) });
  assert.equal((await before.get("/public/a.txt")).text(), "a file");
});

test("what the origin was asked is told, from a number on", async (t) => {
  const edge = await startFor(t);
  await edge.get("/public/1?x=%20");
  await edge.get("/public/2", { "X-Mine": "yes" });
  const [first, second] = await edge.requests();
  assert.deepEqual([first.number, first.method, first.target], [1, "GET", "/public/1?x=%20"]);
  assert.deepEqual(await edge.requests({ since: 1 }), [second]);
  assert.ok(second.headers.some(([name, value]) => name.toLowerCase() === "x-mine" && value === "yes"));
});

test("a rotated key signs, and the old one until it is revoked", async (t) => {
  const edge = await startFor(t);
  const old = { id: edge.keyPairId, link: signed(edge, `${edge.url}/a`) };
  await edge.rotateKey();
  assert.notEqual(edge.keyPairId, old.id);
  assert.equal(edge.env.FRONTGATE_KEY_PAIR_ID, edge.keyPairId);
  await edge.assertAllowed(signed(edge, `${edge.url}/a`));
  await edge.assertAllowed(old.link);
  await edge.revokeKey(old.id);
  await edge.assertDenied(old.link, { reason: "unknown-key" });
  await edge.assertAllowed(signed(edge, `${edge.url}/a`));
});

test("keys may be ECDSA, named, and one's own", async (t) => {
  const edge = await startFor(t, { keyType: "ecdsa", keyPairId: "KMINE" });
  assert.equal(edge.keyPairId, "KMINE");
  const file = path.join(folder, "own.pem");
  fs.writeFileSync(file, edge.privateKeyPem);
  const other = await startFor(t, { privateKey: file, keyPairId: "KOTHER" });
  assert.equal(other.privateKeyPem.trim(), edge.privateKeyPem.trim());
  await other.assertAllowed(signed(other, `${other.url}/a`));
});

test("a reload changes what is given, and a broken one nothing", async (t) => {
  const edge = await startFor(t);
  await edge.reload({ public: "/open/*", origin: (_, response) => response.end("another") });
  assert.equal((await edge.get("/open/a")).text(), "another");
  await edge.assertDenied("/public/a", { reason: "missing-key-pair-id" });
  await assert.rejects(edge.reload({ config: path.join(folder, "missing.toml") }), { name: "FrontgateError", message: /missing\.toml/ });
  assert.equal((await edge.get("/open/a")).text(), "another");
});

test("a program gets the environment", async (t) => {
  const edge = await startFor(t);
  const said = execFileSync(process.execPath, ["-p", "process.env.FRONTGATE_URL"], { env: { ...process.env, ...edge.env }, encoding: "utf8" });
  assert.equal(said.trim(), edge.url);
});

test("stop may be called twice; afterwards every use says so", async () => {
  const edge = await start();
  await Promise.all([edge.stop(), edge.stop()]);
  const stopped = { name: "FrontgateError", message: "this edge was stopped; start another one" };
  await assert.rejects(edge.get("/public/a"), stopped);
  await assert.rejects(edge.explain("/a"), stopped);
});

test("it is disposed of by `await using`", async () => {
  const edge = await start();
  await edge[Symbol.asyncDispose]();
  await assert.rejects(edge.get("/public/a"), FrontgateError);
});

const dead = await new Promise((resolve) => {
  const server = http.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(`http://127.0.0.1:${port}`));
  });
});

test("an origin where nothing listens is an error of the start, unless it isn't to be checked", async (t) => {
  await assert.rejects(start({ origin: dead }), (error) => error instanceof FrontgateError && error.message.includes(dead.slice(7)));
  const edge = await startFor(t, { origin: dead, checkOrigin: false });
  await assert.rejects(edge.assertAllowed("/public/a"), {
    name: "FrontgateError",
    message: /the edge let GET \S+\/public\/a through, but its origin could not be reached or failed \(502\): start the origin/,
  });
  await assert.rejects(edge.assertDenied("/public/a"), { name: "AssertionError", message: /to be denied, but its origin could not be reached/ });
});

const REFUSED = [
  ["an option that isn't known", { orign: "x" }, /unknown option `orign`; did you mean `origin`\?/],
  ["a number as a listener", { listen: 8080 }, /the option `listen` is 8080; expected a string/],
  ["a text as checkOrigin", { checkOrigin: "no" }, /the option `checkOrigin` is "no"; expected true or false/],
  ["a number among patterns", { public: ["/a", 1] }, /the option `public` is a value of type Array; expected a string or an array of strings/],
  ["a number as origin", { origin: 3000 }, /3000 is not an origin; expected a URL, a directory, a handler/],
  ["a promise as origin", { origin: Promise.resolve() }, /a promise \(is an `await` missing\?\) is not an origin/],
  ["an origin that is no directory", { origin: "/no/such/folder" }, /\/no\/such\/folder/],
  ["a key that isn't there", { privateKey: "/no/such/key.pem" }, /\/no\/such\/key\.pem/],
  ["a configuration that isn't there", { config: "/no/such/config.toml" }, /\/no\/such\/config\.toml/],
  ["a key type that isn't known", { keyType: "dsa" }, /the option `keyType` is "dsa"; expected "rsa" or "ecdsa"/],
  ["public paths beside a configuration", { config: "a.toml", public: "/a" }, /`config` and `public` exclude each other/],
];

for (const [name, options, message] of REFUSED) {
  test(`refused with one clear error: ${name}`, async () => {
    await assert.rejects(start(options), (error) => {
      assert.ok(error instanceof FrontgateError, String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  });
}

test("a port that is taken is an error", async (t) => {
  const edge = await startFor(t);
  const { host, port } = new URL(edge.url);
  await assert.rejects(start({ listen: host }), (error) => error instanceof FrontgateError && error.message.includes(port));
});
