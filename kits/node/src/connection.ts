import type { Control } from "./control.js";
import { exchange, type Answer, type RequestOptions } from "./http.js";
import { describe, FrontgateError } from "./errors.js";
import { hostOf, isLocal, parseLink, short, type Link } from "./link.js";

/** The way to one running edge: its control, and its address as viewers see it. */
export class Connection {
  readonly address: URL;

  /** `bases`: where else links are signed for; `undefined` where a configuration says so. */
  constructor(
    readonly control: Control,
    readonly url: string,
    public bases: readonly string[] | undefined,
  ) {
    this.address = new URL(url);
  }

  /** A link in its parts; a path alone is one of this edge. This edge itself speaks http, whatever a link to it says. */
  link(url: string | URL): Link {
    const link = parseLink(url, this.url);
    const isOwn = [this.address.host, `localhost:${this.address.port}`].includes(link.authority);
    this.#refuseForeign(link);
    return isOwn ? { ...link, url: link.url.replace(/^https:/i, "http:") } : link;
  }

  /** Without a configuration it is known which names are the edge's: a link for another one never reaches it. */
  #refuseForeign({ authority, url }: Link): void {
    const host = hostOf(authority);
    if (this.bases === undefined || isLocal(host)) return;
    if (this.bases.some((base) => hostOf(parseLink(base, this.url).authority) === host)) return;
    throw new FrontgateError(
      `${describe(short(url))} is for ${authority}, which is no name of this edge: \`baseUrls\` says for which ones, besides its own, links are signed`,
    );
  }

  /** Sends one request. Every link goes to this edge, whatever its host. */
  async send(link: Link, viewer: Readonly<Record<string, string>>, options: RequestOptions, headOnly: boolean): Promise<Answer> {
    const one = { address: this.address, link, viewer, options, headOnly };
    try {
      const answer = await exchange(one);
      if (answer.reason !== "bad-request") return answer;
      // Whether it is the viewer that the edge didn't understand stands in the body.
      const whole = headOnly ? await exchange({ ...one, headOnly: false }) : answer;
      if (whole.text().startsWith("X-Frontgate-")) throw new FrontgateError(whole.text().trim());
      return answer;
    } catch (error) {
      throw this.control.death ?? error;
    }
  }
}
