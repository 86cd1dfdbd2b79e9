import { createApp } from "./src/app.mjs";
import { readConfig } from "./src/config.mjs";
import { Signer } from "./src/signer.mjs";

const app = createApp(new Signer(readConfig(process.env)));
const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
