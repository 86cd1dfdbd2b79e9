// The application: its own origin, a login that sets signed cookies for the media's, and a page with a player.
import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import { home, require } from "./packages.mjs";

const { getSignedCookies } = require("@aws-sdk/cloudfront-signer");

// Starts it; `job` is what tests/interop/browser.rs gives.
export async function start(job) {
  const hls = readFileSync(new URL("node_modules/hls.js/dist/hls.min.js", home));
  const script = readFileSync(new URL("player.js", import.meta.url));
  const pages = {
    "/hls.js": ["text/javascript", () => hls],
    "/player.js": ["text/javascript", () => script],
    "/player": ["text/html; charset=utf-8", () => player(job.media)],
    "/login": ["text/html; charset=utf-8", () => form],
  };
  const server = createServer({ cert: readFileSync(job.certificate), key: readFileSync(job.key) }, (request, response) => {
    const url = new URL(request.url, job.app);
    if (request.method === "POST" && url.pathname === "/login") {
      response.writeHead(303, { "Set-Cookie": cookies(job, Number(url.searchParams.get("seconds") ?? 600)), Location: "/player" });
      response.end();
      return;
    }
    const page = pages[url.pathname];
    if (!page) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": page[0] }).end(page[1]());
  });
  await new Promise((resolve, reject) => server.on("error", reject).listen(Number(new URL(job.app).port), "127.0.0.1", resolve));
  return server;
}

// As AWS's guide has it: one policy for all of the media, cookies for the domain that both hosts share.
function cookies(job, seconds) {
  const expires = Math.floor(Date.now() / 1000) + seconds;
  const policy = { Statement: [{ Resource: `${job.media}/*`, Condition: { DateLessThan: { "AWS:EpochTime": expires } } }] };
  const signed = getSignedCookies({
    policy: JSON.stringify(policy),
    keyPairId: job.keyPairId,
    privateKey: readFileSync(job.privateKey, "utf8"),
  });
  return Object.entries(signed).map(
    ([name, value]) => `${name}=${value}; Domain=example.test; Path=/; Secure; HttpOnly; SameSite=None`,
  );
}

const style = `<style>body { font: 16px system-ui; margin: 2rem; background: #f8fafc; color: #1f2937 } video { width: 640px;
  background: #000; display: block } button { font: inherit; padding: .5rem 1rem }</style>`;

const player = (media) => `<!doctype html><title>Player</title>${style}<h1>The film</h1>
<video muted></video><p id="said">…</p>
<script src="/hls.js"></script><script>const MEDIA = ${JSON.stringify(media)}</script><script src="/player.js"></script>`;

const form = `<!doctype html><title>Log in</title>${style}<h1>Log in</h1>
<p>Your session has ended.</p><form method="post"><button>Log in</button></form>`;
