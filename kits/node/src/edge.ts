import type { Connection } from "./connection.js";
import { describe, FrontgateError } from "./errors.js";
import { checkOptions, texts, toReload, type ReloadOptions } from "./options.js";
import { runOrigin, type Running } from "./origin.js";
import type { KeyPair, Ready, Rotated, SeenRequest } from "./protocol.js";
import { Viewer } from "./viewer.js";

/** A running Frontgate. It is itself the viewer of now at 127.0.0.1. */
export class Edge extends Viewer {
  #key: KeyPair;
  #env: Readonly<Record<string, string>>;
  #origin: Running | undefined;
  readonly #pid: number;

  /** @internal Use `start`. */
  constructor(connection: Connection, ready: Ready, origin: Running | undefined) {
    super(connection, {});
    this.#key = ready.key;
    this.#env = ready.env;
    this.#pid = ready.pid;
    this.#origin = origin;
  }

  /** Where it listens: `http://127.0.0.1:40113`. */
  get url(): string {
    return this.connection.url;
  }

  /** The id of its key. */
  get keyPairId(): string {
    return this.#key["key-pair-id"];
  }

  /** Its private key, PKCS#8. */
  get privateKeyPem(): string {
    return this.#key["private-key"];
  }

  get privateKeyFile(): string {
    return this.#key["private-key-file"];
  }

  get publicKeyPem(): string {
    return this.#key["public-key"];
  }

  get publicKeyFile(): string {
    return this.#key["public-key-file"];
  }

  /** For a program that reads them: `FRONTGATE_URL`, `FRONTGATE_KEY_PAIR_ID`, `FRONTGATE_PRIVATE_KEY_FILE`, `FRONTGATE_PUBLIC_KEY_FILE`. */
  get env(): Record<string, string> {
    return { ...this.#env };
  }

  /** The process id of the program. */
  get pid(): number {
    return this.#pid;
  }

  /** What the origin was asked, after the request number `since`; the last 10,000 at most. */
  async requests(options: { since?: number } = {}): Promise<SeenRequest[]> {
    const { requests } = await this.connection.control.ask<{ requests: SeenRequest[] }>("requests", { since: options.since });
    return requests;
  }

  /** Changes what is given. A configuration that is broken is an error, and the old one goes on. */
  async reload(options: ReloadOptions): Promise<void> {
    checkOptions(options, "reload");
    const origin = options.origin === undefined ? undefined : await runOrigin(options.origin);
    try {
      await this.connection.control.ask("reload", toReload(options, origin?.argument));
    } catch (error) {
      origin?.close();
      throw error;
    }
    if (options.config !== undefined) this.connection.bases = undefined;
    else if (options.baseUrls !== undefined && this.connection.bases) this.connection.bases = texts("baseUrls", options.baseUrls);
    if (!origin) return;
    this.#origin?.close();
    this.#origin = origin;
  }

  /** Makes a fresh key pair, which `keyPairId` and the others then are; the old one stays trusted. */
  async rotateKey(type?: "rsa" | "ecdsa"): Promise<void> {
    const { key, env } = await this.connection.control.ask<Rotated>("rotate-key", { type });
    this.#key = key;
    this.#env = env;
  }

  /** Trusts that key no longer. */
  async revokeKey(keyPairId: string): Promise<void> {
    if (typeof keyPairId !== "string") throw new FrontgateError(`${describe(keyPairId)} is no key's id; expected one such as ${this.keyPairId}`);
    await this.connection.control.ask("revoke-key", { "key-pair-id": keyPairId });
  }

  /** Ends it, and the server of its handler. May be called more than once. */
  async stop(): Promise<void> {
    await this.connection.control.stop();
    this.#origin?.close();
  }

  /** `await using edge = await start()` */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
