import * as fs from "node:fs";

/** The machine that a file is for. */
export interface Program {
  /** Node's name if it has one: `x64`, `arm64`. */
  readonly machine: string;
  /** The loader that it needs; none if it is linked statically. */
  readonly loader: string | undefined;
}

const MACHINES: Record<number, string> = { 3: "ia32", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x64", 183: "arm64", 243: "riscv64" };
const PT_INTERP = 3;
const HEAD = 4096;

/** Reads the header of an ELF file; `undefined` for any other file. */
export function readProgram(file: string): Program | undefined {
  const head = readHead(file);
  if (head.length < 64 || head.toString("latin1", 0, 4) !== "\u007fELF" || head[5] !== 1) return undefined;
  const number = head.readUInt16LE(18);
  return { machine: MACHINES[number] ?? `ELF machine ${number}`, loader: head[4] === 2 ? loader(head) : undefined };
}

function readHead(file: string): Buffer {
  const descriptor = fs.openSync(file, "r");
  try {
    const head = Buffer.alloc(HEAD);
    return head.subarray(0, fs.readSync(descriptor, head, 0, HEAD, 0));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Returns the path in the program header `PT_INTERP` of a 64-bit file. */
function loader(head: Buffer): string | undefined {
  const table = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  for (let at = table; at < table + size * count && at + 56 <= head.length; at += size) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const start = Number(head.readBigUInt64LE(at + 8));
    const length = Number(head.readBigUInt64LE(at + 32));
    return head.toString("latin1", start, Math.min(start + length, head.length)).replace(/\0.*$/s, "");
  }
  return undefined;
}
