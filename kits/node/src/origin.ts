import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, FrontgateError } from "./errors.js";

/** A handler for `node:http`, such as an Express application. */
export type NodeHandler = (request: http.IncomingMessage, response: http.ServerResponse) => unknown;

/** A handler of the web platform: an object with `fetch`, such as a Hono application. */
export interface FetchHandler {
  fetch(request: Request): Response | Promise<Response>;
}

/** The origin of an edge: a URL, a directory, or a handler in this process. */
export type Origin = string | URL | NodeHandler | FetchHandler;

/** The program's argument for an origin, and a function that stops its server. */
export interface Running {
  readonly argument: string;
  close(): void;
}

/** Starts a server on a free loopback port for a handler; passes everything else through. */
export async function runOrigin(origin: Origin): Promise<Running> {
  if (typeof origin === "string") return { argument: origin, close: () => {} };
  if (origin instanceof URL) return { argument: argumentOf(origin), close: () => {} };
  if (typeof origin === "function") return listen(guarded(origin));
  if (typeof (origin as FetchHandler | null)?.fetch === "function") return listen(guarded(adapted(origin)));
  throw new FrontgateError(
    `${describe(origin)} is not an origin; expected a URL, a directory, a handler (request, response) => …, or an object with fetch(request)`,
  );
}

function argumentOf(url: URL): string {
  if (url.protocol === "file:") return fileURLToPath(url);
  return url.href.replace(/\/$/, "");
}

/** Neither the server nor its connections keep this process alive: the client waits for the response. */
function listen(handler: http.RequestListener): Promise<Running> {
  const server = http.createServer(handler);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    socket.unref();
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      server.unref();
      resolve({ argument: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close });
    });
  });
}

/** If a handler fails, responds with 500 and the error. */
function guarded(handler: NodeHandler): http.RequestListener {
  return (request, response) => {
    const failed = (error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      response.writeHead(500, { "content-type": "text/plain; charset=utf-8" }).end(`the test's origin handler failed: ${text}\n`);
    };
    try {
      Promise.resolve(handler(request, response)).catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

function adapted(handler: FetchHandler): NodeHandler {
  return async (incoming, outgoing) => {
    const response = await handler.fetch(webRequest(incoming));
    if (!(response instanceof Response)) throw new FrontgateError(`fetch(request) gave ${describe(response)}, not a Response`);
    outgoing.statusCode = response.status;
    for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
    if (response.body) Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]).pipe(outgoing);
    else outgoing.end();
  };
}

function webRequest(incoming: http.IncomingMessage): Request {
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) headers.append(incoming.rawHeaders[at]!, incoming.rawHeaders[at + 1]!);
  const method = incoming.method ?? "GET";
  const body = method === "GET" || method === "HEAD" ? {} : { body: Readable.toWeb(incoming), duplex: "half" };
  return new Request(`http://${incoming.headers.host ?? "localhost"}${incoming.url}`, { method, headers, ...body } as RequestInit);
}
