import * as http from "node:http";
import { describe, FrontgateError, messageOf } from "./errors.js";
import { short, type Link } from "./link.js";

/** How a request is made. What is given here wins over what the viewer adds. */
export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What an edge answered. */
export class Answer {
  constructor(
    readonly status: number,
    readonly headers: http.IncomingHttpHeaders,
    readonly body: Buffer,
  ) {}

  /** Why the edge refused by its own decision; `undefined` when it let the request through. */
  get reason(): string | undefined {
    const reason = this.headers["x-frontgate-reason"];
    return Array.isArray(reason) ? reason[0] : reason;
  }

  /** What the edge warned of, by name (`milliseconds`, `plain-base64`): it opens, and isn't what was meant. */
  get warnings(): string[] {
    const names = this.headers["x-frontgate-warning"];
    return names === undefined ? [] : String(names).split(", ");
  }

  /** The body as UTF-8. */
  text(): string {
    return this.body.toString("utf8");
  }

  /** The body, read as JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

/** One request, its target's bytes as they are, over a connection of its own. */
export interface Exchange {
  readonly address: URL;
  readonly link: Link;
  readonly viewer: Readonly<Record<string, string>>;
  readonly options: RequestOptions;
  /** Ends once the head of the answer is there. */
  readonly headOnly: boolean;
}

const TIMEOUT_MS = 30_000;

/** Sends it; a connection that fails or stays silent is a `FrontgateError`. */
export function exchange(one: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(requestOptions(one), (response) => {
      if (one.headOnly) {
        resolve(new Answer(response.statusCode ?? 0, response.headers, Buffer.alloc(0)));
        request.destroy();
      } else {
        collect(response, resolve, reject);
      }
    });
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on("error", (error) => reject(failed(one, error)));
    request.end(one.options.body);
  });
}

function requestOptions({ address, link, viewer, options }: Exchange): http.RequestOptions {
  const { method = "GET" } = options;
  if (typeof method !== "string" || !/^[a-z]+$/i.test(method) || method.toUpperCase() === "CONNECT") {
    throw new FrontgateError(`${describe(method)} is no method that a viewer asks with; expected one such as GET`);
  }
  // The edge speaks http; a link for https is judged as if it had come over TLS.
  const proto: Record<string, string> = /^https:/i.test(link.url) ? { "X-Frontgate-Viewer-Proto": "https" } : {};
  return {
    host: address.hostname.replace(/^\[|\]$/g, ""),
    port: address.port || 80,
    method,
    path: Buffer.from(link.target, "utf8").toString("latin1"),
    headers: { Host: link.authority, ...proto, ...viewer, ...options.headers },
    agent: false,
  };
}

function collect(response: http.IncomingMessage, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("end", () => resolve(new Answer(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))));
  response.on("error", (error) => reject(new FrontgateError(`the answer broke off: ${messageOf(error)}`)));
}

function failed(one: Exchange, error: Error): FrontgateError {
  const what = `${one.options.method ?? "GET"} ${short(one.link.url)}`;
  return new FrontgateError(`${what} got no answer from the edge at ${one.address.origin}: ${messageOf(error)}`, { cause: error });
}
