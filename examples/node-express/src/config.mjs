import fs from "node:fs";

/** Where the films are, and the key that signs for them. */
export function readConfig(env) {
  const [baseUrl, keyPairId, file] = ["MEDIA_BASE_URL", "MEDIA_KEY_PAIR_ID", "MEDIA_PRIVATE_KEY_FILE"].map((name) => {
    if (!env[name]) throw new Error(`${name} is not set`);
    return env[name];
  });
  return { baseUrl, keyPairId, privateKey: fs.readFileSync(file, "utf8") };
}
