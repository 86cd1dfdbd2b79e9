import { getSignedUrl } from "@aws-sdk/cloudfront-signer";
import frontgate, { type Edge } from "frontgate";
import { edgeFixture, useFrontgate } from "frontgate/vitest";
import { afterAll, describe, expect, test } from "vitest";

const edge = useFrontgate({ origin: (_, response) => response.end("a film") });

function link(of: Edge, path: string, end: number): string {
  const { keyPairId, privateKeyPem: privateKey } = of;
  return getSignedUrl({ url: of.url + path, keyPairId, privateKey, dateLessThan: new Date(end * 1000).toISOString() });
}

const end = Math.floor(Date.now() / 1000) + 3600;

test("a link opens until its end", async () => {
  const signed = link(edge, "/film", end);
  await edge.assertValidBetween(signed, null, end);
  expect((await edge.get(signed)).text()).toBe("a film");
});

test("a failure is an AssertionError with what explain says", async () => {
  await expect(edge.assertAllowed("/film")).rejects.toMatchObject({
    name: "AssertionError",
    message: expect.stringMatching(/to be allowed, but it was denied: missing-key-pair-id[^]*FAIL {2}key-pair-id/),
  });
});

const pids = new Set<number>();

describe("a fixture", () => {
  const it = test.extend<{ own: Edge }>({ own: edgeFixture({ public: "/open/*" }) });
  it("opens what it is told", async ({ own }) => {
    pids.add(own.pid);
    await own.assertAllowed("/open/a");
    await own.assertDenied("/public/a");
  });
  it("is another one for another test", ({ own }) => {
    expect(pids.has(own.pid)).toBe(false);
    pids.add(own.pid);
  });
});

describe("for each test", () => {
  const own = useFrontgate({}, { each: true });
  test.each([1, 2])("its own, %i", async () => {
    await own.assertDenied("/a", { reason: "missing-key-pair-id" });
    expect(pids.has(own.pid)).toBe(false);
    pids.add(own.pid);
  });
});

test("start without a helper", async () => {
  await using other = await frontgate.start();
  await other.assertAllowed("/public/a");
});

afterAll(() => {
  expect(pids.size).toBe(4);
});
