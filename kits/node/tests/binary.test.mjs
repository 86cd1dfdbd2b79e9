import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, afterEach, mock, test } from "node:test";
import { FrontgateError, start } from "frontgate";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "frontgate-binary-"));
after(() => fs.rmSync(folder, { recursive: true }));
const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

/** A program with this content. */
function program(name, content, mode = 0o755) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content, { mode });
  return file;
}

/** A script that plays frontgate. */
const script = (name, lines) => program(name, `#!/bin/sh\n${lines}\n`);

/** The head of an ELF file for a machine, with a loader if one is named. */
function elf(machine, loader) {
  const bytes = Buffer.alloc(256);
  bytes.write("\x7fELF", "latin1");
  bytes.set([2, 1, 1], 4);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(loader ? 1 : 0, 56);
  if (loader) {
    bytes.writeUInt32LE(3, 64);
    bytes.writeBigUInt64LE(128n, 72);
    bytes.writeBigUInt64LE(BigInt(loader.length + 1), 96);
    bytes.write(`${loader}\0`, 128, "latin1");
  }
  return bytes;
}

async function refused(options, message) {
  await assert.rejects(start(options), (error) => {
    assert.ok(error instanceof FrontgateError, String(error.stack));
    assert.match(error.message, message);
    return true;
  });
}

const own = { x64: 62, arm64: 183 }[process.arch];
const foreign = process.arch === "arm64" ? ["x64", 62] : ["arm64", 183];

test("the option names a file that isn't there", () => refused({ binary: "/no/frontgate" }, /the option `binary` names \/no\/frontgate, and no file is there/));

test("FRONTGATE_BINARY names a file that isn't there", async () => {
  process.env.FRONTGATE_BINARY = "/no/frontgate";
  await refused({}, /FRONTGATE_BINARY names \/no\/frontgate, and no file is there/);
});

test("FRONTGATE_BINARY comes before the package, the option before both", async () => {
  process.env.FRONTGATE_BINARY = script("by-environment", `echo '{"error":"by the environment"}'; exit 2`);
  await refused({}, /^by the environment$/);
  await refused({ binary: script("by-option", `echo '{"error":"by the option"}'; exit 2`) }, /^by the option$/);
});

test("a program for another machine names both", () =>
  refused({ binary: program("foreign", elf(foreign[1])) }, new RegExp(`it is for the machine ${foreign[0]}, and this is ${process.arch}`)));

test("a missing loader is named", () =>
  refused({ binary: program("musl", elf(own, "/lib/ld-no-such.so.1")) }, /its loader \/lib\/ld-no-such\.so\.1 is missing on this system/));

test("a file without the right to execute it", () => refused({ binary: program("plain", elf(own), 0o644) }, /it may not be executed; chmod \+x it/));

test("a file that is no program", () => refused({ binary: program("text", "hello\0\n") }, /it is not a program for Linux; expected an ELF file/));

test("a directory", () => refused({ binary: folder }, /the option `binary` names .*, and no file is there/));

test("a program that dies shows the end of its log", () =>
  refused({ binary: script("dies", "echo 'a word in the log' >&2; exit 3") }, /ended unexpectedly with status 3; the end of its log:\n {2}a word in the log$/));

test("a program that dies silently", () => refused({ binary: script("silent", "exit 0") }, /ended unexpectedly with status 0; its log is empty/));

test("a program that is killed", () => refused({ binary: script("killed", "kill -9 $$") }, /ended unexpectedly with SIGKILL/));

test("a program that says something else", () => refused({ binary: script("other", "echo hello; read line") }, /unexpected output from frontgate at its start: hello/));

test("another protocol", () =>
  refused(
    { binary: script("later", `echo '{"ready":{"protocol":2,"version":"9.0.0"}}'; read line`) },
    /frontgate 9\.0\.0 speaks protocol 2, this package protocol 1; install matching versions of both/,
  ));

/** Lets the kit's own time limits pass. */
async function withoutWaiting(limit, run) {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const result = run();
    mock.timers.tick(limit);
    await result;
  } finally {
    mock.timers.reset();
  }
}

test("a program that is never ready", () =>
  withoutWaiting(10_000, () => refused({ binary: script("never", "read line") }, /wasn't ready within 10 s; its log is empty/)));

const READY = `echo '{"ready":{"protocol":1,"version":"0","pid":1,"url":"http://127.0.0.1:9","key":{},"env":{}}}'`;

test("an answer that never comes", async () => {
  const edge = await start({ binary: script("mute", `${READY}; cat >/dev/null`) });
  const answer = { name: "FrontgateError", message: "the edge didn't respond to `explain` within 30 s" };
  await withoutWaiting(30_000, async () => assert.rejects(edge.explain("/a"), answer));
  await edge.stop();
});

test("a program that dies later fails what waits, and what comes", async () => {
  const edge = await start({ binary: script("later-dies", `${READY}; read line; echo 'out of luck' >&2; exit 7`) });
  const died = { name: "FrontgateError", message: /ended unexpectedly with status 7; the end of its log:\n {2}out of luck$/ };
  await assert.rejects(edge.explain("/a"), died);
  await assert.rejects(edge.assertAllowed("/a"), died);
  await edge.stop();
});
