// A Vite application with hot reload, for tests/it/dev.rs: it shows a module's text, and a picture below /media/.
//
// stdin:  {"folder"}: where to write it
// stdout: a line with its port, once it listens. It ends with its stdin.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { require } from "./packages.mjs";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { folder } = JSON.parse((await lines.next()).value);
mkdirSync(join(folder, "public/media"), { recursive: true });
writeFileSync(join(folder, "index.html"), '<!doctype html><title>Vite</title><p id="text">loading…</p><script type="module" src="/main.js"></script>');
writeFileSync(join(folder, "main.js"), 'import { text } from "./text.js";\ndocument.querySelector("#text").textContent = text;\nimport.meta.hot?.accept("./text.js", (next) => (document.querySelector("#text").textContent = next.text));\n');
writeFileSync(join(folder, "text.js"), 'export const text = "first";\n');
writeFileSync(join(folder, "public/media/picture.svg"), '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>');

const { createServer } = require("vite");
const server = await createServer({
  root: folder, configFile: false, logLevel: "error", clearScreen: false, cacheDir: join(folder, ".vite"),
  // Files that a test writes on a busy machine are noticed by looking, too.
  server: { host: "127.0.0.1", port: 0, strictPort: false, watch: { usePolling: true, interval: 100 } },
});
await server.listen();
process.stdout.write(`${server.httpServer.address().port}\n`);
await lines.next();
await server.close();
process.exit(0);
