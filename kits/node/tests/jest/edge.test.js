const { getSignedUrl } = require("@aws-sdk/cloudfront-signer");
const frontgate = require("frontgate");
const { useFrontgate } = require("frontgate/jest");

const edge = useFrontgate({ origin: (_, response) => response.end("a film") });
const end = Math.floor(Date.now() / 1000) + 3600;

function link(path) {
  const { url, keyPairId, privateKeyPem: privateKey } = edge;
  return getSignedUrl({ url: url + path, keyPairId, privateKey, dateLessThan: new Date(end * 1000).toISOString() });
}

test("a link opens until its end", async () => {
  const signed = link("/film");
  await edge.assertValidBetween(signed, null, end);
  expect((await edge.get(signed)).text()).toBe("a film");
  expect(await (await edge.fetch(signed)).text()).toBe("a film");
});

test("a failure is an AssertionError with what explain says", async () => {
  await expect(edge.assertAllowed("/film")).rejects.toMatchObject({
    code: "ERR_ASSERTION",
    message: expect.stringMatching(/to be allowed, but it was denied: missing-key-pair-id[^]*FAIL {2}key-pair-id/),
  });
});

test("times and dates of Jest's own realm are understood", async () => {
  await edge.at(new Date(end * 1000)).assertDenied(link("/film"), { reason: "expired" });
});

describe("for each test", () => {
  const own = useFrontgate({ public: ["/open/*"] }, { each: true });
  const pids = new Set();
  test.each([1, 2])("its own, %i", async () => {
    await own.assertAllowed("/open/a");
    expect(pids.has(own.pid)).toBe(false);
    pids.add(own.pid);
  });
});

test("start without a helper", async () => {
  const other = await frontgate.start();
  await other.assertPrivate("/members/*");
  await other.stop();
});
