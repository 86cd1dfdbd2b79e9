// Headless Chromium plays what is private, from another origin, with signed cookies. tests/interop/browser.rs starts it.
//
// stdin:  {"media", "app": bases; "certificate", "key": the application's; "mediaCertificate"; "keyPairId", "privateKey";
//          "films", "screenshots": folders}
// stdout: what was seen at each step.
import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { start } from "./app.mjs";
import { record } from "./film.mjs";
import { require } from "./packages.mjs";

const { chromium } = require("playwright-core");
const job = JSON.parse(readFileSync(0, "utf8"));

// How Chromium names a key that it is to trust.
const fingerprint = (file) =>
  createHash("sha256")
    .update(new X509Certificate(readFileSync(file)).publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");

const launch = () =>
  chromium.launch({
    executablePath: job.chromium ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-proxy-server",
      "--autoplay-policy=no-user-gesture-required",
      "--host-resolver-rules=MAP *.example.test 127.0.0.1",
      `--ignore-certificate-errors-spki-list=${fingerprint(job.certificate)},${fingerprint(job.mediaCertificate)}`,
    ],
  });

const picture = (page, name) => page.screenshot({ path: join(job.screenshots, `${name}.png`) });

// A fresh visitor with a session of so many seconds, on the player's page.
async function visitor(browser, seconds) {
  const page = await (await browser.newContext()).newPage();
  if (seconds) {
    await page.goto(`${job.app}/login?seconds=${seconds}`);
    await page.click("button");
  }
  await page.goto(`${job.app}/player`);
  return page;
}

async function steps(browser) {
  const seen = {};
  seen.segments = await record(await browser.newPage(), job.films);

  const stranger = await visitor(browser, 0);
  seen.stranger = await stranger.evaluate(() => statusOf("/hls/playlist.m3u8"));
  seen.strangerPlays = await stranger.evaluate(() => play("/films/film.m3u8", 1));
  await picture(stranger, "1-refused");

  const guest = await visitor(browser, 600);
  seen.demo = await guest.evaluate(() => readThrough("/hls/playlist.m3u8"));
  seen.plays = await guest.evaluate(() => play("/films/film.m3u8", 2));
  await picture(guest, "2-plays");
  seen.protocols = await guest.evaluate(() => protocols());
  seen.outside = await guest.evaluate(() => statusOf("/public/index.html"));

  const late = await visitor(browser, 3);
  seen.before = await late.evaluate(() => statusOf("/hls/playlist.m3u8"));
  const expired = () => late.evaluate(() => statusOf("/hls/playlist.m3u8"));
  const deadline = Date.now() + 15_000;
  while ((seen.after = await expired()) === 200 && Date.now() < deadline) await late.waitForTimeout(200);
  seen.latePlays = await late.evaluate(() => play("/films/film.m3u8", 1));
  await picture(late, "3-expired");

  // On the way to the media itself: the page in place of the error leads to the application's login, and back.
  const answers = [];
  late.on("response", (response) => answers.push(response));
  await late.goto(`${job.media}/films/film.m3u8`);
  await late.waitForURL(`${job.app}/login*`);
  const denial = answers.find((response) => response.url().startsWith(job.media));
  seen.denial = { status: denial.status(), cache: denial.headers()["x-cache"] };
  seen.sentTo = late.url();
  await picture(late, "4-login");
  await late.click("button");
  await late.waitForURL(`${job.app}/player`);
  seen.again = await late.evaluate(() => play("/films/film.m3u8", 1));
  await picture(late, "5-again");
  seen.version = browser.version();
  return seen;
}

mkdirSync(job.screenshots, { recursive: true });
const app = await start(job);
const browser = await launch();
try {
  process.stdout.write(JSON.stringify(await steps(browser)));
} finally {
  await browser.close();
  app.close();
  app.closeAllConnections();
}
