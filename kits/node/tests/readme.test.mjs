import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { test } from "node:test";

const [, block] = /```js\n([^]*?)```/.exec(fs.readFileSync("node_modules/frontgate/README.md", "utf8"));

/** Runs lines as a module of their own. */
const run = (code) => spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });

test("the README's lines pass as they stand, and the process ends by itself", () => {
  assert.match(block, /assertValidBetween/);
  const { status, stderr } = run(block);
  assert.deepEqual([status, stderr], [0, ""]);
});

test("with another end they fail, and say why", () => {
  const { status, stderr } = run(block.replace("2033-01-01T00:00:00Z", "2033-01-01T00:00:01Z"));
  assert.equal(status, 1);
  assert.match(stderr, /AssertionError.*: expected GET \S+ at 2033-01-01T00:00:00Z \(the last second before its end\) to be allowed, but it was denied: expired/);
});
