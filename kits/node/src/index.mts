import frontgate from "./index.js";

export { Answer, Edge, FrontgateError, REASONS, start, Viewer } from "./index.js";
export type * from "./index.js";
export default frontgate.default;
