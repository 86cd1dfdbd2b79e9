import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { cannotRun } from "./binary.js";
import { FrontgateError } from "./errors.js";
import { Log } from "./log.js";
import type { Ready } from "./protocol.js";

const PROTOCOL = 1;
const START_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;

type Settle = { resolve: (value: unknown) => void; reject: (error: Error) => void; timer: NodeJS.Timeout };

/**
 * A running program, controlled by lines of JSON. Neither the process nor its pipes keep this process alive; a pending
 * request does, by its timer. When this process ends for any reason, the pipe is closed and the program stops.
 */
export class Control {
  readonly #child: ChildProcess;
  readonly #log: Log;
  readonly #pending = new Map<number, Settle>();
  readonly #gone: Promise<void>;
  #unread = "";
  #last = 0;
  #death: FrontgateError | undefined;
  #stopping: Promise<void> | undefined;
  #firstLine: ((line: string) => void) | undefined;

  private constructor(child: ChildProcess, log: Log, binary: string) {
    this.#child = child;
    this.#log = log;
    this.#gone = new Promise((resolve) => child.once("close", () => resolve()));
    child.once("error", (error) => this.#dead(cannotRun(binary, error)));
    child.once("close", (status, signal) => this.#dead(this.#died(signal ?? `status ${status}`)));
    child.stdin!.on("error", () => {}); // A closed pipe: the event "close" reports it.
    child.stdout!.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    child.unref();
    (child.stdin as Socket).unref();
    (child.stdout as Socket).unref();
  }

  /** Starts the program; resolves when it is ready. */
  static async start(binary: string, args: readonly string[]): Promise<{ control: Control; ready: Ready }> {
    const log = new Log();
    let child: ChildProcess;
    try {
      const whole = ["test", "--control", "--parent", String(process.pid), ...args];
      child = spawn(binary, whole, { stdio: ["pipe", "pipe", log.descriptor] });
    } catch (error) {
      log.close();
      throw cannotRun(binary, error);
    }
    const control = new Control(child, log, binary);
    try {
      return { control, ready: control.#ready(await control.#greeting()) };
    } catch (error) {
      control.kill();
      throw error;
    }
  }

  /** Sends a request. A rejection has the program's own message. */
  ask<T>(what: string, parameters: object = {}): Promise<T> {
    if (this.#death) return Promise.reject(this.#death);
    const id = ++this.#last;
    return new Promise<unknown>((resolve, reject) => {
      const late = () => this.#settle(id)?.reject(new FrontgateError(`the edge didn't respond to \`${what}\` within ${ANSWER_TIMEOUT_MS / 1000} s`));
      this.#pending.set(id, { resolve, reject, timer: setTimeout(late, ANSWER_TIMEOUT_MS) });
      this.#child.stdin!.write(`${JSON.stringify({ id, do: what, ...parameters })}\n`);
    }) as Promise<T>;
  }

  /** Stops the program, by force after a timeout. Has no effect when called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  /** Returns the error for a failed connection: if the program stopped, that is the better explanation. */
  get death(): FrontgateError | undefined {
    return this.#death;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #end(): Promise<void> {
    if (!this.#death) {
      this.ask("stop").catch(() => {});
      this.#death = new FrontgateError("this edge was stopped; start another one");
      this.#child.stdin!.end();
    }
    const timer = setTimeout(() => this.kill(), STOP_TIMEOUT_MS);
    await this.#gone;
    clearTimeout(timer);
  }

  #greeting(): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      const late = () => fail(new FrontgateError(`frontgate wasn't ready within ${START_TIMEOUT_MS / 1000} s${this.#tail()}`));
      const timer = setTimeout(late, START_TIMEOUT_MS);
      this.#pending.set(0, { resolve: () => {}, reject: fail, timer });
      this.#firstLine = (line) => {
        this.#settle(0);
        resolve(line);
      };
    });
  }

  #ready(line: string): Ready {
    const said = parsed(line);
    if (typeof said?.["error"] === "string") throw new FrontgateError(said["error"]);
    const ready = said?.["ready"] as Ready | undefined;
    if (ready === undefined) throw new FrontgateError(`unexpected output from frontgate at its start: ${line.slice(0, 200)}`);
    if (ready.protocol === PROTOCOL) return ready;
    throw new FrontgateError(
      `frontgate ${ready.version} speaks protocol ${ready.protocol}, this package protocol ${PROTOCOL}; install matching versions of both`,
    );
  }

  #read(text: string): void {
    const lines = (this.#unread + text).split("\n");
    this.#unread = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (this.#firstLine) {
      const first = this.#firstLine;
      this.#firstLine = undefined;
      return first(line);
    }
    const answer = parsed(line);
    const waiting = this.#settle(Number(answer?.["id"]));
    if (typeof answer?.["error"] === "string") waiting?.reject(new FrontgateError(answer["error"]));
    else waiting?.resolve(answer?.["ok"]);
  }

  #settle(id: number): Settle | undefined {
    const waiting = this.#pending.get(id);
    if (waiting) clearTimeout(waiting.timer);
    this.#pending.delete(id);
    return waiting;
  }

  #died(how: string): FrontgateError {
    return new FrontgateError(`frontgate (process ${this.#child.pid}) ended unexpectedly with ${how}${this.#tail()}`);
  }

  #tail(): string {
    const tail = this.#log.tail();
    return tail === "" ? "; its log is empty" : `; the end of its log:\n${tail.replace(/^/gm, "  ")}`;
  }

  #dead(error: FrontgateError): void {
    this.#death ??= error;
    for (const id of [...this.#pending.keys()]) this.#settle(id)!.reject(this.#death);
    this.#log.close();
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
