export { startFor, useFrontgate } from "./node-test.js";
export type * from "./node-test.js";
