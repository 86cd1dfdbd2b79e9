export { useFrontgate } from "./jest.js";
export type * from "./jest.js";
