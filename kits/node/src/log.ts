import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { randomBytes } from "node:crypto";

const TAIL_BYTES = 4096;
const TAIL_LINES = 20;

/** A file without a name for a program's stderr, so that nothing is left behind when the process ends. */
export class Log {
  readonly descriptor: number;
  #closed = false;

  constructor() {
    const file = path.join(os.tmpdir(), `frontgate-${process.pid}-${randomBytes(6).toString("hex")}.log`);
    this.descriptor = fs.openSync(file, "wx+", 0o600);
    fs.unlinkSync(file);
  }

  /** Returns its last lines. */
  tail(): string {
    if (this.#closed) return "";
    const { size } = fs.fstatSync(this.descriptor);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    fs.readSync(this.descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  }

  close(): void {
    if (!this.#closed) fs.closeSync(this.descriptor);
    this.#closed = true;
  }
}
