// Headless Chromium uses the demo page: the film plays with cookies and not without, buttons sign, denials lead to the
// console. tests/interop/demo_page.rs starts it.
//
// stdin:  {"link": of `dev`, "console", "screenshots": a folder}
// stdout: what was seen.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, context, job, launch, retried, seen } from "./looked_at.mjs";

const said = (page, of) => page.locator(`${of} strong`).waitFor().then(() => page.locator(of).innerText());

async function film(page) {
  await page.click("#play");
  seen.without = await said(page, "#film-said");
  await page.click("#with-cookies");
  await page.waitForFunction(() => document.getElementById("film").currentTime > 1 && document.getElementById("film").buffered.length, null, { timeout: 60_000 });
  seen.film = await page.locator("#film").evaluate((film) => ({
    width: film.videoWidth, height: film.videoHeight, duration: Math.round(film.duration), buffered: Math.round(film.buffered.end(0)),
  }));
  // The picture itself: neither black nor of one colour.
  seen.colours = await page.locator("#film").evaluate((film) => {
    const canvas = new OffscreenCanvas(48, 27);
    const pen = canvas.getContext("2d");
    pen.drawImage(film, 0, 0, 48, 27);
    const { data } = pen.getImageData(0, 0, 48, 27);
    return new Set(Array.from({ length: 48 * 27 }, (_, at) => data.slice(4 * at, 4 * at + 3).map((part) => part >> 4).join())).size;
  });
  seen.with = await said(page, "#film-said");
}

async function denials(page) {
  seen.denials = {};
  for (const line of await page.locator("#denials > li").all()) {
    await line.locator("button").click();
    await line.locator(".said strong").waitFor();
    const name = await line.getAttribute("data-try");
    const text = await line.locator(".said").innerText();
    const href = await line.locator(".said a").getAttribute("href");
    const why = await page.context().newPage();
    // Of this one no search tells more than that the signature doesn't fit.
    const isOpen = name === "spoiled";
    const cause = await retried(async () => {
      await why.goto(href);
      await why.locator("#verdict").waitFor();
      return isOpen ? "" : why.locator(".cause-box h2 code").first().innerText({ timeout: 3_000 });
    });
    seen.denials[name] = { text, verdict: await why.locator("#verdict").innerText(), cause };
    await why.close();
  }
}

async function buttons(page) {
  seen.opened = [];
  for (const path of ["/image.svg", "/film/playlist.m3u8"]) {
    await page.goto(job.link);
    const [response] = await Promise.all([
      page.waitForResponse((response) => response.url().includes(`${path}?`)),
      page.click(`button[value="${path}"]`),
    ]);
    seen.opened.push([path, response.status()]);
  }
  await page.goto(job.link);
  await page.locator("button", { hasText: "Forget the cookies" }).click();
  await page.waitForURL("**/public/index.html");
  seen.cookiesLeft = (await page.context().cookies()).map((cookie) => cookie.name);
}

mkdirSync(job.screenshots, { recursive: true });
const browser = await launch();
try {
  for (const width of [1200, 390]) {
    for (const scheme of ["light", "dark"]) {
      const ours = await context(browser, { viewport: { width, height: 900 }, colorScheme: scheme });
      const page = await ours.newPage();
      await page.goto(job.link);
      if (width === 1200 && scheme === "light") {
        await film(page);
        await denials(page);
        await page.screenshot({ path: join(job.screenshots, "demo-tried.png"), fullPage: true });
        await check(page, "demo, tried");
        await buttons(page);
        await page.goto(job.link);
      }
      await check(page, `demo ${width} ${scheme}`);
      await page.screenshot({ path: join(job.screenshots, `demo-${width}-${scheme}.png`), fullPage: true });
      await ours.close();
    }
  }
  // Without a script a button signs all the same.
  const plain = await context(browser, { javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(job.link);
  await page.click("#with-cookies");
  await page.waitForURL((url) => url.search === "");
  seen.plain = await page.title();
  await plain.close();
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
