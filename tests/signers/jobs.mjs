// The document that every Node signer here reads from stdin and writes to stdout.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages live outside of the sources, where script/signers put them.
const home = new URL("../../target/signers/", import.meta.url);
export const require = createRequire(home);
export const version = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, home), "utf8")).version;

export const unsupported = (what) => new Error(`unsupported: ${what}`);

// Answers every job with `sign(job)`, which returns a URL (string) or cookies (object) or throws.
export function run(signer, sign) {
  const results = JSON.parse(readFileSync(0, "utf8")).jobs.map((job) => {
    const result = { id: job.id, url: null, cookies: null, error: null };
    try {
      const made = sign(job);
      result[typeof made === "string" ? "url" : "cookies"] = made;
    } catch (error) {
      result.error = error.message;
    }
    return result;
  });
  process.stdout.write(JSON.stringify({ signer, results }));
}
