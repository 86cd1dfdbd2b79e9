import type { Control } from "./control.js";
import { exchange, type Answer, type RequestOptions } from "./http.js";
import { describe, FrontgateError } from "./errors.js";
import { hostOf, isLocal, parseLink, short, type Link } from "./link.js";

/** The connection to a running edge: its control, and its address for viewers. */
export class Connection {
  readonly address: URL;

  /** `bases`: other base URLs of links; `undefined` with a configuration, which defines them. */
  constructor(
    readonly control: Control,
    readonly url: string,
    public bases: readonly string[] | undefined,
  ) {
    this.address = new URL(url);
  }

  /** Parses a link; a path alone is relative to this edge. The edge itself always uses HTTP. */
  link(url: string | URL): Link {
    const link = parseLink(url, this.url);
    const isOwn = [this.address.host, `localhost:${this.address.port}`].includes(link.authority);
    this.#refuseForeign(link);
    return isOwn ? { ...link, url: link.url.replace(/^https:/i, "http:") } : link;
  }

  /** Rejects links for foreign hosts: without a configuration, the edge's hosts are known. */
  #refuseForeign({ authority, url }: Link): void {
    const host = hostOf(authority);
    if (this.bases === undefined || isLocal(host)) return;
    if (this.bases.some((base) => hostOf(parseLink(base, this.url).authority) === host)) return;
    throw new FrontgateError(
      `${describe(short(url))} is for ${authority}, which is not a host name of this edge: \`baseUrls\` lists the other names that links may be signed for`,
    );
  }

  /** Sends one request. Every link goes to this edge, whatever its host. */
  async send(link: Link, viewer: Readonly<Record<string, string>>, options: RequestOptions, headOnly: boolean): Promise<Answer> {
    const one = { address: this.address, link, viewer, options, headOnly };
    try {
      const answer = await exchange(one);
      if (answer.reason !== "bad-request") return answer;
      // The body says whether the edge did not understand the viewer's headers.
      const whole = headOnly ? await exchange({ ...one, headOnly: false }) : answer;
      if (whole.text().startsWith("X-Frontgate-")) throw new FrontgateError(whole.text().trim());
      return answer;
    } catch (error) {
      throw this.control.death ?? error;
    }
  }
}
