import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";

/** Runs a program with the package alone: without the one that holds the binary. */
function alone(t, code, env) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "frontgate-alone-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.cpSync("node_modules/frontgate", path.join(folder, "node_modules/frontgate"), { recursive: true });
  return execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd: folder, env, encoding: "utf8" });
}

test("without any program, the error lists where it looked", (t) => {
  const code = `import { start } from "frontgate"; await start().catch((error) => console.log(error.message));`;
  const said = alone(t, code, { PATH: "/no/such/folder" });
  const platform = `${process.platform}-${process.arch}`;
  assert.equal(
    said.trim(),
    "no program `frontgate` was found. Looked at: the option `binary` (not given), FRONTGATE_BINARY (not set), " +
      `the package @frontgate/${platform} (not installed), PATH (/no/such/folder). Fix: install it with the package ` +
      "(npm leaves it out with --omit=optional), or give its path as the option `binary` or in FRONTGATE_BINARY",
  );
});

test("a program on PATH is found", (t) => {
  const folder = path.resolve(`node_modules/@frontgate/${process.platform}-${process.arch}/bin`);
  const code = `import { start } from "frontgate"; const edge = await start(); console.log(edge.url); await edge.stop();`;
  assert.match(alone(t, code, { PATH: `/no/such/folder:${folder}` }), /^http:\/\/127\.0\.0\.1:\d+\n$/);
});

test("the package has no dependencies, and runs nothing when it is installed", () => {
  const manifest = JSON.parse(fs.readFileSync("node_modules/frontgate/package.json", "utf8"));
  assert.deepEqual([manifest.dependencies, manifest.scripts, manifest.devDependencies], [undefined, undefined, undefined]);
  assert.deepEqual(Object.keys(manifest.optionalDependencies), ["@frontgate/linux-x64"]);
});
