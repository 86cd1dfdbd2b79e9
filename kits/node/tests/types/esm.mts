// Types as an ES module sees them; only checked.
import assert from "node:assert";
import http from "node:http";
import frontgate, { type Edge, FrontgateError, type Reason, REASONS, start, type Time, type Viewer } from "frontgate";
import { startFor, useFrontgate } from "frontgate/node-test";

const reason: Reason = REASONS[0];
const time: Time = new Date();

export async function uses(): Promise<Edge> {
  const edge: Edge = await frontgate.start({ origin: "http://127.0.0.1:9000", baseUrls: ["https://media.example.com"] });
  const viewer: Viewer = edge.at(time).fromIp("203.0.113.9").withCookies({ a: "1", b: undefined }).at("+2h");
  const headers: Record<string, string> = viewer.headers;
  await edge.assertDenied("/a", { reason });
  await viewer.assertValidBetween("/a", null, 1_800_000_000);
  await edge.assertPrivate("/members/*", { host: "media.example.com" });
  const status: number = (await viewer.get("/a", headers)).status;
  const response: Response = await edge.fetch("/a", { method: "HEAD" });
  const [{ target, headers: seen }] = (await edge.requests({ since: status })) as [Awaited<ReturnType<Edge["requests"]>>[number]];
  assert.ok(target + seen[0]![0] + response.status);
  // @ts-expect-error: no reason of this name
  await edge.assertDenied("/a", { reason: "too-late" });
  // @ts-expect-error: no option of this name
  await start({ orign: "http://127.0.0.1:9000" });
  // @ts-expect-error: its properties are read only
  edge.url = "x";
  if (edge instanceof FrontgateError) throw edge;
  await start({ origin: { fetch: (request) => new Response(request.url) } });
  await start({ origin: (request: http.IncomingMessage, answer: http.ServerResponse) => answer.end(request.url) });
  return edge;
}

export async function disposes(context: import("node:test").TestContext): Promise<void> {
  await using edge = await start();
  const other: Edge = await startFor({ after: (run) => context.after(run) }, { keyType: "ecdsa" });
  await (await startFor(context)).rotateKey("rsa");
  await edge.revokeKey(other.keyPairId);
}

export const file: Edge = useFrontgate(() => ({ origin: new URL("http://127.0.0.1:9000") }), { each: true });
