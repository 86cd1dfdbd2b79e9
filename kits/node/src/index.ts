/** Tests CloudFront's signed URLs and signed cookies with a real Frontgate, at any time and from any address. */
import { REASONS } from "./reasons.js";
import { Edge } from "./edge.js";
import { FrontgateError } from "./errors.js";
import { Answer } from "./http.js";
import { start } from "./start.js";
import { Viewer } from "./viewer.js";

export { Answer, Edge, FrontgateError, REASONS, start, Viewer };
export type { AllowedOptions, DeniedOptions } from "./assertions.js";
export type { Cookies } from "./cookies.js";
export type { RequestOptions } from "./http.js";
export type { ReloadOptions, StartOptions } from "./options.js";
export type { FetchHandler, NodeHandler, Origin } from "./origin.js";
export type { PrivateOptions } from "./privacy.js";
export type { Explanation, SeenRequest } from "./protocol.js";
export type { Reason } from "./reasons.js";
export type { Time } from "./time.js";

/** For `import frontgate from "frontgate"`. */
const frontgate = { Answer, Edge, FrontgateError, REASONS, start, Viewer };
export default frontgate;
