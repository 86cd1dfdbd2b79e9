import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Edge } from "frontgate";
import { useFrontgate } from "frontgate/node-test";

const file = useFrontgate(() => ({ keyPairId: "KFILE" }));
assert.throws(() => file.url, /edge\.url was used before the edge was started or after it was stopped; use it within a test or a hook/);

const seen = new Set();

describe("with one for each test", () => {
  const edge = useFrontgate({}, { each: true });
  for (const name of ["a first", "another"]) {
    test(`${name} edge`, async () => {
      assert.ok(edge instanceof Edge);
      await edge.assertAllowed("/public/a");
      assert.ok(!seen.has(edge.pid));
      seen.add(edge.pid);
    });
  }
});

test("those for each test are gone", async () => {
  assert.equal(seen.size, 2);
  for (const pid of seen) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  assert.equal(file.keyPairId, "KFILE");
});
