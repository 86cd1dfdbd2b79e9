import type { Control } from "./control.js";
import { exchange, type Answer, type RequestOptions } from "./http.js";
import { parseLink, type Link } from "./link.js";

/** The way to one running edge: its control, and its address as viewers see it. */
export class Connection {
  readonly address: URL;

  constructor(
    readonly control: Control,
    readonly url: string,
  ) {
    this.address = new URL(url);
  }

  /** A link in its parts; a path alone is one of this edge. This edge itself speaks http, whatever a link to it says. */
  link(url: string | URL): Link {
    const link = parseLink(url, this.url);
    const isOwn = [this.address.host, `localhost:${this.address.port}`].includes(link.authority);
    return isOwn ? { ...link, url: link.url.replace(/^https:/i, "http:") } : link;
  }

  /** Sends one request. Every link goes to this edge, whatever its host. */
  async send(link: Link, viewer: Readonly<Record<string, string>>, options: RequestOptions, headOnly: boolean): Promise<Answer> {
    try {
      return await exchange({ address: this.address, link, viewer, options, headOnly });
    } catch (error) {
      throw this.control.death ?? error;
    }
  }
}
