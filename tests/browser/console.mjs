// Headless Chromium uses the console as a person does, by mouse and by keyboard, in both colour schemes, with and without
// scripts; axe-core looks at every page. tests/it/console.rs starts it.
//
// stdin:  {"console", "proxy": of `dev`; "guarded", "token": a console that asks for a token; "screenshots": a folder}
// stdout: what was seen.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, context, job, launch, retried, seen } from "./looked_at.mjs";

// docs/console.md shows two of them.
const picture = (page, name) =>
  ["requests-light", "request-dark"].includes(name) && page.screenshot({ path: join(job.screenshots, `console-${name}.png`) });
const verdict = (page) => page.locator("#verdict").innerText();

async function link(page) {
  await page.goto(`${job.console}/sign`);
  await page.fill("#url", `${job.proxy}/image.svg`);
  await page.click("button.main");
  return page.locator("#signed").innerText();
}

// A link is signed and works; tampered with, it appears and is explained; time is moved and the answer changes.
async function story(browser, scheme) {
  const ours = await context(browser, { colorScheme: scheme, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await ours.newPage();
  seen.link = await link(page);
  await page.click("#answer .copied .copy");
  seen.copied = await page.evaluate(() => navigator.clipboard.readText());
  await page.locator("details.code summary").first().click();
  await check(page, `sign ${scheme}`);
  seen.signedStatus = (await fetch(seen.link)).status;

  // What a day of development looks like.
  for (const [path, headers] of [
    ["/public/index.html", {}],
    ["/video.bin", {}],
    ["/hls/playlist.m3u8?Key-Pair-Id=KOFANOTHERONE1", {}],
    [seen.link.slice(job.proxy.length), { "X-Frontgate-Now": "+3d" }],
    ["/public/missing.css", {}],
    [seen.link.slice(job.proxy.length), {}],
    [seen.link.slice(job.proxy.length).replace("image.svg", "video.bin"), {}],
  ]) await fetch(job.proxy + path, { headers });
  await page.goto(`${job.console}/`);
  await page.waitForSelector("#live.on");
  const tampered = `${seen.link}&utm_source=x`;
  const row = page.locator("#requests tbody tr", { hasText: "utm_source=x" }).first();
  await retried(async () => {
    const begun = performance.now();
    seen.tamperedStatus = (await fetch(tampered)).status;
    await row.locator(".cause", { hasText: "query-added" }).waitFor({ timeout: 3_000 });
    seen.appearedAfter = Math.min(performance.now() - begun, seen.appearedAfter ?? Infinity);
  });
  await page.locator("#said", { hasText: "request" }).waitFor({ state: "attached" });
  await check(page, `requests ${scheme}`);
  await picture(page, `requests-${scheme}`);

  await row.locator("a").click();
  await retried(async () => {
    await page.reload();
    seen.cause = await page.locator(".cause-box h2 code").first().innerText({ timeout: 3_000 });
  });
  seen.marked = await page.locator(".diff mark:not(.gap)").first().innerText();
  await check(page, `request ${scheme}`);
  await picture(page, `request-${scheme}`);

  // A good one: what becomes of it later?
  await page.goto(`${job.console}/?text=image.svg&status=200`);
  await page.locator("#requests tbody a").first().click();
  seen.then = await verdict(page);
  const moment = page.locator("#moment");
  await moment.evaluate((input) => { input.value = input.max; input.dispatchEvent(new Event("input", { bubbles: true })); });
  await page.locator("#verdict", { hasText: "expired" }).waitFor();
  seen.later = await verdict(page);
  await check(page, `moved ${scheme}`);

  await page.goto(`${job.console}/explain`);
  await check(page, `explain ${scheme}`);
  await page.fill("#link", tampered);
  await page.click("button.main");
  seen.pasted = await verdict(page);
  await check(page, `explained ${scheme}`);
  await page.fill("#address", "nowhere");
  await page.locator("#judge button:not(.moment)").click();
  await page.locator("#address[aria-invalid]").waitFor();
  await check(page, `fault ${scheme}`);
  for (const path of ["paths?distribution=dev&path=/public/x", "keys", "requests/1", "?text=nothing-has-this"]) {
    await page.goto(`${job.console}/${path}`);
    await check(page, `${path} ${scheme}`);
  }
  await ours.close();
}

async function loggedIn(browser, scheme) {
  const theirs = await context(browser, { colorScheme: scheme });
  const page = await theirs.newPage();
  await page.goto(`${job.guarded}/`);
  await check(page, `login ${scheme}`);
  await page.fill("#token", "not the token");
  await page.click("button.main");
  await page.locator("[role=alert]").waitFor();
  await check(page, `wrong token ${scheme}`);
  await page.fill("#token", job.token);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${job.guarded}/`);
  seen.loggedIn = await page.locator("h1").innerText();
  await check(page, `empty ${scheme}`);
  await page.locator(".leave button").click();
  await page.locator("#token").waitFor();
  await theirs.close();
}

// Every stop of the tab key is seen, on a page and within its form; from link to verdict without a mouse.
async function keyboard(browser) {
  const ours = await context(browser);
  const page = await ours.newPage();
  await page.goto(`${job.console}/explain`);
  const stops = [];
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => document.activeElement.getBoundingClientRect().left >= 0 && document.activeElement.textContent);
  if (skip !== "Skip to the content") throw new Error(`the first stop is ${skip}`);
  await page.keyboard.press("Enter");
  for (let turn = 0; turn < 40; turn++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const { activeElement: at } = document;
      const style = getComputedStyle(at);
      return { name: at.id || at.textContent.trim(), outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    if (!stop.outlined && stop.name) throw new Error(`nobody sees that ${stop.name} has the focus`);
    if (stop.name === "link" && !stops.includes("link")) await page.keyboard.type(`${seen.link}&x=1`);
    stops.push(stop.name);
    if (stop.name === "Explain" && stops.includes("link")) {
      await page.keyboard.press("Enter");
      break;
    }
  }
  await page.locator("#verdict").waitFor();
  await page.goto(`${job.console}/`);
  await page.waitForSelector("#live.on");
  await page.focus("#pause");
  await page.keyboard.press("Enter");
  await page.locator("#live-state", { hasText: "Paused" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#live.on");
  stops.push("pause");
  seen.keyboard = stops;
  await ours.close();
}

async function withoutScript(browser) {
  const plain = await context(browser, { javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(`${job.console}/explain`);
  await page.fill("#link", `${seen.link}&x=1`);
  await page.click("button.main");
  seen.withoutScript = await verdict(page);
  await page.fill("#at", "+9d");
  await page.locator("#judge button:not(.moment)").click();
  await page.locator(".change").waitFor();
  await page.goto(`${job.console}/`);
  await page.selectOption("#status", "4xx");
  await page.locator(".filter button").click();
  await page.locator("#requests tbody a").first().click();
  await page.locator(".stages").waitFor();
  await plain.close();
}

// The best of some, beside what a line of plain text takes: what else this machine does at the time is none of the page's.
async function load(browser) {
  const ours = await context(browser);
  const page = await ours.newPage();
  const took = async (path) => {
    await page.goto(job.console + path, { waitUntil: "load" });
    return page.evaluate(async () => {
      const [entry] = performance.getEntriesByType("navigation");
      while (!entry.loadEventEnd) await new Promise((resolve) => setTimeout(resolve, 5));
      return entry.loadEventEnd;
    });
  };
  [seen.loaded, seen.line] = [Infinity, Infinity];
  for (const end = Date.now() + 20_000; seen.loaded > 90 && Date.now() < end; ) {
    seen.loaded = Math.min(seen.loaded, await took("/"));
    seen.line = Math.min(seen.line, await took("/health/live"));
  }
  await ours.close();
}

mkdirSync(job.screenshots, { recursive: true });
const browser = await launch();
try {
  await load(browser);
  for (const scheme of ["light", "dark"]) {
    await story(browser, scheme);
    await loggedIn(browser, scheme);
  }
  await keyboard(browser);
  await withoutScript(browser);
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
