// Headless Chromium in front of `frontgate dev`, as a front-end developer has it. tests/interop/dev_browser.rs starts it.
//
// stdin:  {"case", and what it needs}
// stdout: what was seen.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { record } from "./film.mjs";
import { home, require } from "./packages.mjs";

const { chromium } = require("playwright-core");
const { getSignedCookies } = require("@aws-sdk/cloudfront-signer");
const job = JSON.parse(readFileSync(0, "utf8"));

const launch = () =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--no-proxy-server", "--autoplay-policy=no-user-gesture-required",
    ],
    // What it trusts is below its home.
    env: { ...process.env, HOME: job.home ?? process.env.HOME },
  });

async function texts(page, text) {
  await page.waitForFunction((text) => document.querySelector("#text")?.textContent === text, text, { timeout: 60_000 });
  return text;
}

const cases = {
  // The page and its modules are public, hot reload comes through, the media need a signature.
  async vite(browser) {
    const page = await browser.newPage();
    const failed = [];
    page.on("response", (response) => response.status() >= 400 && failed.push(new URL(response.url()).pathname));
    await page.goto(job.base);
    const seen = { first: await texts(page, "first") };
    await page.evaluate(() => (window.isSamePage = true));
    writeFileSync(job.module, 'export const text = "second";\n');
    seen.second = await texts(page, "second");
    seen.isSamePage = await page.evaluate(() => window.isSamePage === true);
    seen.failed = failed.filter((path) => path !== "/favicon.ico");
    const status = (url) => page.evaluate((url) => fetch(url, { cache: "no-store" }).then((answer) => answer.status), url);
    seen.unsigned = await status("/media/picture.svg");
    seen.signed = await status(job.signed);
    return seen;
  },

  // The link with cookies opens a site that is private throughout.
  async link(browser) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const bare = await page.goto(`${job.base}/`);
    await page.goto(job.link);
    const cookies = (await context.cookies()).filter(({ name }) => name.startsWith("CloudFront-"));
    const status = () => page.evaluate(() => fetch("/image.svg", { cache: "no-store" }).then((answer) => answer.status));
    const seen = { before: bare.status(), at: page.url(), title: await page.title(), fetched: await status() };
    // The clock of this browser is moved, and moved back.
    await page.evaluate(() => (document.cookie = "Frontgate-Now=+25h; path=/"));
    seen.later = await status();
    await page.evaluate(() => (document.cookie = "Frontgate-Now=; path=/; max-age=0"));
    seen.again = await status();
    return {
      ...seen,
      names: cookies.map(({ name }) => name).sort(), isHttpOnly: cookies.every(({ httpOnly }) => httpOnly),
      byScript: await page.evaluate(() => document.cookie),
    };
  },

  // An application on another port reads private files with credentials; a denial looks like a CORS error.
  async cors(browser) {
    const app = createServer((_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<title>app</title>"));
    await new Promise((resolve) => app.listen(Number(new URL(job.app).port), "127.0.0.1", resolve));
    try {
      const page = await browser.newPage();
      await page.goto(job.app);
      const read = (url) =>
        page.evaluate(
          (url) => fetch(url, { credentials: "include", headers: { "X-Player": "1" } }).then((answer) => answer.status, () => "blocked"),
          url,
        );
      return { signed: await read(job.signed), unsigned: await read(job.unsigned) };
    } finally {
      app.close();
      app.closeAllConnections();
    }
  },

  // Pages of the application's host play films of the media's host, with signed cookies of the domain that both are in.
  async hls(browser) {
    const seen = { segments: await record(await browser.newPage(), job.films) };
    const app = await application();
    try {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${job.app}/player`);
      seen.before = await page.evaluate(() => statusOf("/films/film.m3u8"));
      await page.evaluate((domain) => fetch(`/login?domain=${domain}`, { method: "POST" }), job.domain);
      seen.stored = (await page.context().cookies(job.media)).map(({ name }) => name).filter((name) => name.startsWith("CloudFront-")).length;
      seen.after = await page.evaluate(() => statusOf("/films/film.m3u8"));
      if (seen.after === 200) seen.plays = await page.evaluate(() => play("/films/film.m3u8", 1));
      return seen;
    } finally {
      app.close();
      app.closeAllConnections();
    }
  },
};

// The application behind `dev`: a player, a login that sets signed cookies, and the films.
async function application() {
  const files = {
    "/hls.js": readFileSync(new URL("node_modules/hls.js/dist/hls.min.js", home)),
    "/player.js": readFileSync(new URL("player.js", import.meta.url)),
  };
  const player = `<!doctype html><title>Player</title><video muted></video><p id="said">…</p>
    <script src="/hls.js"></script><script>const MEDIA = ${JSON.stringify(job.media)}</script><script src="/player.js"></script>`;
  const app = createServer((request, response) => {
    const url = new URL(request.url, job.app);
    if (url.pathname === "/login") return response.writeHead(204, { "Set-Cookie": cookies(url.searchParams.get("domain")) }).end();
    if (url.pathname === "/player") return response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(player);
    if (files[url.pathname]) return response.writeHead(200, { "Content-Type": "text/javascript" }).end(files[url.pathname]);
    try {
      const type = url.pathname.endsWith(".m3u8") ? "application/vnd.apple.mpegurl" : "video/mp4";
      const bytes = readFileSync(job.films + url.pathname.replace(/^\/films/, ""));
      return response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length }).end(bytes);
    } catch {
      return response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => app.listen(job.port, "127.0.0.1", resolve));
  return app;
}

function cookies(domain) {
  const expires = Math.floor(Date.now() / 1000) + 600;
  const policy = { Statement: [{ Resource: `${job.media}/*`, Condition: { DateLessThan: { "AWS:EpochTime": expires } } }] };
  const signed = getSignedCookies({
    policy: JSON.stringify(policy), keyPairId: job.keyPairId, privateKey: readFileSync(job.privateKey, "utf8"),
  });
  return Object.entries(signed).map(([name, value]) => `${name}=${value}; Domain=${domain}; Path=/; Secure; HttpOnly; SameSite=Lax`);
}

const browser = await launch();
try {
  process.stdout.write(JSON.stringify(await cases[job.case](browser)));
} finally {
  await browser.close();
}
