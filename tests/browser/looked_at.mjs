// What the scripts that look at pages share: a browser, contexts that collect errors, and axe-core.
import { readFileSync } from "node:fs";
import { home, require } from "./packages.mjs";

const { chromium } = require("playwright-core");
const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", home), "utf8");

// stdin of every script here.
export const job = JSON.parse(readFileSync(0, "utf8"));
// stdout of every script here; violations and errors are for all.
export const seen = { violations: [], errors: [] };

export const launch = () => chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync", "--no-proxy-server"],
});

export async function context(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: "en", timezoneId: "UTC", ...options });
  context.on("weberror", (error) => seen.errors.push(String(error.error())));
  context.on("console", (message) => message.type() === "error" && !/40[0134]/.test(message.text()) && seen.errors.push(message.text()));
  context.on("response", (response) => /assets/.test(response.url()) && !response.ok() && seen.errors.push(response.url()));
  return context;
}

// A search for a cause ends after some milliseconds, which a busy machine may spend on other processes: then it is tried again.
export async function retried(attempt) {
  for (let left = 20; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (error.name !== "TimeoutError" || left === 0) throw error;
    }
  }
}

// The page's own policy lets no script in but its own, so that axe runs beside it.
export async function check(page, name) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const run = `${axe};axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => JSON.stringify(
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((node) => node.html + " " + node.failureSummary) }))))`;
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: run, contextId: executionContextId, awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  for (const { id, nodes } of JSON.parse(result.value)) seen.violations.push({ page: name, id, nodes });
  // Nothing lies beside the screen.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) seen.violations.push({ page: name, id: "overflow", nodes: [`${wide} px`] });
}
