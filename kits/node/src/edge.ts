import type { Connection } from "./connection.js";
import { describe, FrontgateError } from "./errors.js";
import { checkOptions, texts, toReload, type ReloadOptions } from "./options.js";
import { runOrigin, type Running } from "./origin.js";
import type { KeyPair, Ready, Rotated, SeenRequest } from "./protocol.js";
import { Viewer } from "./viewer.js";

/** A running Frontgate. It is also a viewer at the current time and at 127.0.0.1. */
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

  /** Its URL: `http://127.0.0.1:40113`. */
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

  /** Requests that reached the origin after the request number `since`; at most the last 10,000. */
  async requests(options: { since?: number } = {}): Promise<SeenRequest[]> {
    const { requests } = await this.connection.control.ask<{ requests: SeenRequest[] }>("requests", { since: options.since });
    return requests;
  }

  /** Changes the given options. A faulty configuration is an error and changes nothing. */
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

  /** Creates a key pair. `keyPairId` and the others then refer to it; the old one stays trusted. */
  async rotateKey(type?: "rsa" | "ecdsa"): Promise<void> {
    const { key, env } = await this.connection.control.ask<Rotated>("rotate-key", { type });
    this.#key = key;
    this.#env = env;
  }

  /** Stops trusting that key. */
  async revokeKey(keyPairId: string): Promise<void> {
    if (typeof keyPairId !== "string") throw new FrontgateError(`${describe(keyPairId)} is not a key id; expected one such as ${this.keyPairId}`);
    await this.connection.control.ask("revoke-key", { "key-pair-id": keyPairId });
  }

  /** Stops the edge and the server of its handler. May be called more than once. */
  async stop(): Promise<void> {
    await this.connection.control.stop();
    this.#origin?.close();
  }

  /** `await using edge = await start()` */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
