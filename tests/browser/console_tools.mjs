// Headless Chromium uses what the console offers beside reading: copying, filtering, keys, signing cookies, the clock; on a
// wide screen and on a telephone's, in both colour schemes. tests/interop/console_tools.rs starts it.
//
// stdin:  {"console", "proxy": of `dev`; "screenshots": a folder}
// stdout: what was seen.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, context, job, launch, retried, seen } from "./looked_at.mjs";

const copied = (page) => page.evaluate(() => navigator.clipboard.readText());
const copy = async (page, what) => {
  await page.getByRole("button", { name: `Copy ${what}`, exact: true }).click();
  await page.locator(".tools button.copy", { hasText: "Copied" }).waitFor();
  await page.getByRole("button", { name: `Copy ${what}`, exact: true }).waitFor();
  return copied(page);
};
const rows = (page) => page.locator("#requests tbody tr");
const focused = (page) => page.evaluate(() => document.activeElement.closest("tr")?.id ?? document.activeElement.id);

// An empty console says what to do, and what is done appears.
async function start(browser) {
  const ours = await context(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  const page = await ours.newPage();
  await page.goto(job.console);
  await page.waitForSelector("#live.on");
  await check(page, "empty");
  await page.click("#empty .copy");
  const link = await page.locator("#first").innerText();
  seen.firstCopied = (await copied(page)) === link;
  const withCookies = await page.locator("#first-with-cookies").getAttribute("href");
  const [opened] = await Promise.all([ours.waitForEvent("page"), page.click("#empty a")]);
  seen.firstTitle = await opened.title();
  await opened.goto(withCookies);
  seen.withCookies = [await opened.title(), new URL(opened.url()).search];
  await ours.clearCookies();
  await rows(page).first().waitFor();
  seen.emptyIsGone = (await page.locator("#empty").count()) === 0;
  seen.standing = (await page.locator(".standing").innerText()).replace(/since.*/, "").trim();
  await ours.close();
}

async function link(page, path) {
  await page.goto(`${job.console}/sign`);
  await page.fill("#url", path);
  await page.click("form.paste button.main");
  return page.locator("#signed").innerText();
}

async function filtering(page) {
  await page.goto(job.console);
  await page.waitForSelector("#live.on");
  await page.keyboard.press("/");
  seen.slash = await focused(page);
  await page.keyboard.type("UTM_jk?");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.waitForFunction(() => document.querySelectorAll("#requests tbody tr").length === 1);
  seen.filtered = new URL(page.url()).search;
  await page.waitForSelector("#live.on");
  // A live row has to fit, too.
  await fetch(`${job.proxy}/public/other`);
  await fetch(`${job.proxy}/video.bin?utm_second=1`);
  await page.waitForFunction(() => document.querySelectorAll("#requests tbody tr").length === 2);
  seen.liveFiltered = (await rows(page).allInnerTexts()).every((text) => text.includes("utm_"));
  await page.fill("#text", "nothing-has-this");
  await page.locator("#empty", { hasText: "fits the filter" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#show-all a").click();
  await page.waitForURL(`${job.console}/`);
}

async function keys(page) {
  await page.goto(job.console);
  await rows(page).nth(2).waitFor();
  const ids = await rows(page).evaluateAll((rows) => rows.slice(0, 3).map((row) => row.id));
  const steps = [];
  for (const key of ["j", "j", "j", "k"]) {
    await page.keyboard.press(key);
    steps.push(ids.indexOf(await focused(page)));
  }
  seen.steps = steps;
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await check(page, "help");
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  const newest = Number(ids[0].slice(1));
  await page.waitForURL(`${job.console}/requests/${newest}`);
  await page.keyboard.press("j");
  await page.waitForURL(`${job.console}/requests/${newest - 1}`);
  await page.keyboard.press("k");
  await page.waitForURL(`${job.console}/requests/${newest}`);
  // With a modifier a key is the browser's.
  await page.keyboard.press("Control+j");
  seen.modified = page.url().endsWith(`/${newest}`);
}

async function request(page, signed) {
  await retried(async () => {
    await fetch(`${signed}&utm_source=x`, { headers: { Range: "bytes=0-9", Authorization: "Bearer S3CRET", Cookie: "id=S3CRET" } });
    await page.goto(`${job.console}/?text=utm_source`);
    await rows(page).first().locator(".cause", { hasText: "query-added" }).waitFor({ timeout: 3_000 });
  });
  seen.whole = await rows(page).first().locator(".why").evaluate((why) => why.scrollHeight <= why.clientHeight + 1);
  await rows(page).first().locator("a").click();
  await retried(async () => {
    await page.reload();
    await page.locator(".cause-box").waitFor({ timeout: 3_000 });
  });
  // The cause is said once, and nothing of it is cut off.
  seen.causes = await page.locator("main").innerText().then((text) => text.split("the query was changed after signing").length - 1);
  seen.cut = await page.locator("main").evaluate((main) =>
    [...main.querySelectorAll(".cause-box *, .verdict *, .stages *")].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline" && !one.closest(".unseen")).map((one) => one.outerHTML));
  seen.url = await copy(page, "URL");
  seen.curl = await copy(page, "curl command");
  seen.report = await copy(page, "report");
  for (const list of await page.locator(".fields-list summary").all()) await list.click();
  seen.headers = await page.locator(".fields-list").allInnerTexts();
  await check(page, "headers");
  await page.click(".tools form button");
  const again = await page.locator("#signed").innerText();
  seen.again = [again.split("?utm_source=x&Expires=").length, (await fetch(again)).status];
}

// The link opens at once and closes in an hour: the slider shows both ends.
async function slider(page) {
  await page.goto(`${job.console}/sign`);
  await page.fill("#url", "/image.svg");
  await page.fill("#not-before", "-10m");
  await page.click("form.paste button.main");
  await fetch(await page.locator("#signed").innerText());
  await page.goto(`${job.console}/?text=image.svg?Policy&status=200`);
  await rows(page).first().locator("a").click();
  await page.locator("#slider").waitFor();
  const place = (of) => page.locator(`#slider rect.${of}`).evaluate((rect) => Math.round(rect.x.baseVal.value));
  const thumb = await page.locator("#moment").evaluate((input) =>
    Math.round(1000 * (input.value - input.min) / (input.max - input.min)));
  seen.marks = { opens: await place("opens"), thumb, closes: await place("closes") };
  const moved = [];
  for (const mark of ["Opens", "Closes"]) {
    await page.locator(".moment", { hasText: mark }).click();
    await page.locator("#verdict", { hasText: "Denied" }).waitFor();
    moved.push(await page.locator("#verdict").innerText());
    await page.locator(".moment", { hasText: "Now" }).click();
    await page.locator("#verdict", { hasText: "Allowed" }).waitFor();
  }
  seen.moved = moved;
}

async function cookies(page) {
  await page.goto(`${job.console}/sign`);
  await page.check("input[value=cookies]");
  await page.fill("#url", "/image.svg");
  await page.click("form.paste button.main");
  seen.cookieForms = await page.locator("details.code summary").allInnerTexts();
  await page.locator("details.code summary").first().click();
  seen.setCookie = (await page.locator("#code0").innerText()).trim().split("\n").map((line) => line.replace(/=[^;]*/, "=…"));
  const field = (await page.locator("#code1").textContent()).match(/Cookie: ([^']*)/)[1];
  seen.byHeader = (await fetch(`${job.proxy}/video.bin`, { method: "HEAD", headers: { Cookie: field } })).status;
  const before = await page.context().request.get(`${job.proxy}/image.svg`);
  await page.click(".set button.main");
  await page.locator("#answer").waitFor();
  const after = await page.context().request.get(`${job.proxy}/image.svg`);
  seen.inBrowser = [before.status(), after.status()];
  await page.context().clearCookies();
}

async function clock(page, signed) {
  const status = async () => (await page.context().request.get(signed)).status();
  const seenNow = [await status()];
  await page.goto(`${job.console}/keys`);
  await page.click("#clock summary");
  await check(page, "clock");
  await page.locator("#clock button", { hasText: "+1d" }).click();
  await page.waitForURL(`${job.console}/keys`);
  seen.clock = await page.locator("#clock summary").innerText();
  seenNow.push(await status());
  await page.click("#clock summary");
  await page.fill("#clock-now", "soon");
  await page.click("#clock .move");
  seen.clockFault = await page.locator("main").innerText();
  await page.goto(`${job.console}/keys`);
  await page.click("#clock summary");
  await page.locator("#clock button", { hasText: "Real time" }).click();
  await page.locator("#clock summary", { hasText: "real" }).waitFor();
  seenNow.push(await status());
  seen.clockStatus = seenNow;
  // A cookie of localhost would not reach the host that links are for.
  await page.goto(`${job.console.replace("127.0.0.1", "localhost")}/keys`);
  await page.click("#clock summary");
  seen.otherHost = [await page.locator("#clock form").count(), await page.locator("#clock a").getAttribute("href")];
}

async function looks(browser, width, scheme) {
  const ours = await context(browser, { viewport: { width, height: 800 }, colorScheme: scheme, timezoneId: "Asia/Tokyo" });
  const page = await ours.newPage();
  const name = `${width}-${scheme}`;
  await page.goto(job.console);
  await page.waitForSelector("#live.on");
  const places = await rows(page).first().evaluate((row) => {
    const box = (of) => row.querySelector(of).getBoundingClientRect();
    return { status: box(".status").right, target: box(".target a").right, bar: document.querySelector(".bar").offsetHeight };
  });
  seen[`places-${name}`] = places;
  seen[`local-${name}`] = await rows(page).first().locator(".time").innerText();
  const number = (await rows(page).first().getAttribute("id")).slice(1);
  for (const path of ["", `requests/${number}`, "explain", "paths?distribution=dev&path=/x", "keys", "sign"]) {
    await page.goto(`${job.console}/${path}`);
    await check(page, `${path} ${name}`);
    await page.screenshot({ path: join(job.screenshots, `${path.split(/[/?]/)[0] || "list"}-${name}.png`), fullPage: true });
  }
  seen.paths = await page.goto(`${job.console}/paths`).then(() => page.locator("main").innerText());
  await ours.close();
}

mkdirSync(job.screenshots, { recursive: true });
const browser = await launch();
try {
  await start(browser);
  const ours = await context(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  const page = await ours.newPage();
  const signed = await link(page, "/image.svg");
  seen.completed = signed.startsWith(`${job.proxy}/image.svg?Expires=`);
  await fetch(`${signed}&utm_first=1`);
  await fetch(`${job.proxy}/favicon.ico`);
  await page.goto(`${job.console}/?text=favicon`);
  seen.icon = await rows(page).first().locator(".why").innerText();
  await filtering(page);
  await keys(page);
  await request(page, signed);
  await slider(page);
  await cookies(page);
  await clock(page, signed);
  await ours.close();
  for (const width of [1200, 390]) for (const scheme of ["light", "dark"]) await looks(browser, width, scheme);
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
