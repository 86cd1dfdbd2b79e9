import { checkRunnable, findBinary } from "./binary.js";
import { Connection } from "./connection.js";
import { Control } from "./control.js";
import { Edge } from "./edge.js";
import { checkOptions, texts, toArguments, type StartOptions } from "./options.js";
import { runOrigin } from "./origin.js";

/** Starts a Frontgate on a free port with a fresh key; ready when this resolves. */
export async function start(options: StartOptions = {}): Promise<Edge> {
  checkOptions(options, "start");
  const binary = findBinary(options.binary);
  checkRunnable(binary);
  const origin = options.origin === undefined ? undefined : await runOrigin(options.origin);
  try {
    const { control, ready } = await Control.start(binary, toArguments(options, origin?.argument));
    return new Edge(new Connection(control, ready.url, options.config === undefined ? texts("baseUrls", options.baseUrls) : undefined), ready, origin);
  } catch (error) {
    origin?.close();
    throw error;
  }
}
