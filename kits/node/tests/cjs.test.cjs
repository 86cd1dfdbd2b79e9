const assert = require("node:assert/strict");
const { test } = require("node:test");
const { start, default: frontgate } = require("frontgate");
const { startFor } = require("frontgate/node-test");

test("the package works by require", async (t) => {
  assert.equal(frontgate.start, start);
  const edge = await startFor(t, { public: ["/open/*", "/free/*"] });
  await edge.assertAllowed("/open/a");
  await edge.assertAllowed("/free/a");
  await edge.assertDenied("/public/a");
});

test("helpers of other runners say what they need", () => {
  assert.throws(() => require("frontgate/jest").useFrontgate(), /works within Jest only/);
  assert.throws(() => require("frontgate/vitest").useFrontgate(), /vitest/);
});
