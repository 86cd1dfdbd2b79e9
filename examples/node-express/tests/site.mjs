// The site under test, signing with an edge's key.
import { once } from "node:events";
import { createApp } from "../src/app.mjs";
import { readConfig } from "../src/config.mjs";
import { Signer } from "../src/signer.mjs";

/** What the site reads from its environment, for this edge. */
export function environment(edge, baseUrl = edge.url) {
  return { MEDIA_BASE_URL: baseUrl, MEDIA_KEY_PAIR_ID: edge.keyPairId, MEDIA_PRIVATE_KEY_FILE: edge.privateKeyFile };
}

/** Starts the site for one test. */
export async function site(context, edge, baseUrl) {
  const server = createApp(new Signer(readConfig(environment(edge, baseUrl)))).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    link: async (film, query = "") => (await fetch(`${url}/films/${encodeURIComponent(film)}/link${query}`)).json(),
    session: async () => (await fetch(`${url}/session`, { method: "POST" })).headers.getSetCookie(),
  };
}
