import * as http from "node:http";
import { describe, FrontgateError, messageOf } from "./errors.js";
import { short, type Link } from "./link.js";

/** Options of a request. They take precedence over the viewer's headers. */
export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A response of the edge. */
export class Answer {
  constructor(
    readonly status: number,
    readonly headers: http.IncomingHttpHeaders,
    readonly body: Buffer,
  ) {}

  /** The reason of a denial by the edge; `undefined` if it allowed the request. */
  get reason(): string | undefined {
    const reason = this.headers["x-frontgate-reason"];
    return Array.isArray(reason) ? reason[0] : reason;
  }

  /** The edge's warnings by name (`milliseconds`, `plain-base64`): allowed, but probably not intended. */
  get warnings(): string[] {
    const names = this.headers["x-frontgate-warning"];
    return names === undefined ? [] : String(names).split(", ");
  }

  /** The body as UTF-8. */
  text(): string {
    return this.body.toString("utf8");
  }

  /** The body as JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

/** One request, with its target's bytes unchanged, over a new connection. */
export interface Exchange {
  readonly address: URL;
  readonly link: Link;
  readonly viewer: Readonly<Record<string, string>>;
  readonly options: RequestOptions;
  /** Completes when the head of the response has arrived. */
  readonly headOnly: boolean;
}

const TIMEOUT_MS = 30_000;

/** Sends it. A connection that fails or times out is a `FrontgateError`. */
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
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no response within ${TIMEOUT_MS / 1000} s`)));
    request.on("error", (error) => reject(failed(one, error)));
    request.end(one.options.body);
  });
}

function requestOptions({ address, link, viewer, options }: Exchange): http.RequestOptions {
  const { method = "GET" } = options;
  if (typeof method !== "string" || !/^[a-z]+$/i.test(method) || method.toUpperCase() === "CONNECT") {
    throw new FrontgateError(`${describe(method)} is not a method of HTTP requests; expected one such as GET`);
  }
  // The edge uses HTTP; an https link is judged as if it had arrived over TLS.
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
  response.on("error", (error) => reject(new FrontgateError(`the response broke off: ${messageOf(error)}`)));
}

function failed(one: Exchange, error: Error): FrontgateError {
  const what = `${one.options.method ?? "GET"} ${short(one.link.url)}`;
  return new FrontgateError(`${what} got no response from the edge at ${one.address.origin}: ${messageOf(error)}`, { cause: error });
}
