// The packages live outside of the sources, where script/signers put them.
import { createRequire } from "node:module";

export const home = new URL("../../target/signers/", import.meta.url);
export const require = createRequire(home);
