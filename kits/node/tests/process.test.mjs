import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { start } from "frontgate";

const GONE_WITHIN_MS = 2000;

/** Whether it still runs: one that has ended may wait for long until the system's first process takes note of it. */
function alive(pid) {
  try {
    return !/^State:\s*[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** How long it takes until a process is gone. */
async function gone(pid) {
  const begin = Date.now();
  while (alive(pid)) {
    assert.ok(Date.now() - begin < GONE_WITHIN_MS, `process ${pid} is still there after ${GONE_WITHIN_MS} ms`);
    await pause(10);
  }
  return Date.now() - begin;
}

/** Runs the fixture; kills it if asked. */
async function run(way, signal) {
  const child = spawn(process.execPath, ["fixtures/ends.mjs", way], { stdio: ["ignore", "pipe", "ignore"], timeout: 20_000 });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const pid = Number(line);
  assert.ok(signal === undefined || alive(pid));
  if (signal) child.kill(signal);
  const [status, killed] = await once(child, "exit");
  return { pid, status, killed };
}

const WAYS = [
  ["falls off its end", "falls", undefined, { status: 0, killed: null }],
  ["calls process.exit", "exit", undefined, { status: 3, killed: null }],
  ["throws", "throws", undefined, { status: 1, killed: null }],
  ["leaves a rejection unhandled", "rejects", undefined, { status: 1, killed: null }],
  ["is killed", "waits", "SIGKILL", { status: null, killed: "SIGKILL" }],
  ["is interrupted", "waits", "SIGINT", { status: null, killed: "SIGINT" }],
];

for (const [name, way, signal, ending] of WAYS) {
  test(`no orphan is left when the process ${name}`, async (t) => {
    const { pid, ...ended } = await run(way, signal);
    assert.deepEqual(ended, ending);
    t.diagnostic(`gone after ${await gone(pid)} ms`);
  });
}

test("stop waits until the process is gone", async () => {
  const edge = await start();
  await edge.stop();
  assert.ok(!alive(edge.pid));
});
