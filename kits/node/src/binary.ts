import * as fs from "node:fs";
import * as path from "node:path";
import { readProgram } from "./elf.js";
import { FrontgateError, messageOf } from "./errors.js";

const REMEDY =
  "install it with the package (npm leaves it out with --omit=optional), or give its path as the option `binary` or in FRONTGATE_BINARY";

/**
 * Finds the program: the option, then FRONTGATE_BINARY, then the package for this platform, then PATH.
 * If one of the first two is set, that program must exist.
 */
export function findBinary(option: string | undefined): string {
  const named = option ? { path: option, by: "the option `binary`" } : fromEnvironment();
  if (named) {
    if (isFile(named.path)) return path.resolve(named.path);
    throw new FrontgateError(`${named.by} names ${named.path}, and no file is there; give the path of the program \`frontgate\``);
  }
  const found = packaged() ?? onPath();
  if (found) return found;
  throw new FrontgateError(
    `no program \`frontgate\` was found. Looked at: the option \`binary\` (not given), FRONTGATE_BINARY (not set), ` +
      `the package ${packageName()} (not installed), PATH (${process.env["PATH"] ?? "empty"}). Fix: ${REMEDY}`,
  );
}

/** Rejects a file that cannot run here. (The system would pass an unknown format to the shell.) */
export function checkRunnable(binary: string): void {
  if (process.platform !== "linux") return;
  const head = beginning(binary);
  if (head === undefined || head.startsWith("#!")) return;
  const program = readProgram(binary);
  if (!program || program.machine !== process.arch) throw cannotRun(binary, { code: "ENOEXEC" });
}

/** Returns the first two characters; empty if the file may be executed but not read. */
function beginning(file: string): string | undefined {
  try {
    const descriptor = fs.openSync(file, "r");
    try {
      const bytes = Buffer.alloc(2);
      fs.readSync(descriptor, bytes, 0, 2, 0);
      return bytes.toString("latin1");
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Explains why an existing program could not be started. */
export function cannotRun(binary: string, error: unknown): FrontgateError {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return new FrontgateError(`${binary} can't be started here (${code || messageOf(error)}): ${cause(binary, code)}`, { cause: error });
}

function fromEnvironment(): { path: string; by: string } | undefined {
  const value = process.env["FRONTGATE_BINARY"];
  return value ? { path: value, by: "FRONTGATE_BINARY" } : undefined;
}

function packageName(): string {
  return `@frontgate/${process.platform}-${process.arch}`;
}

function packaged(): string | undefined {
  try {
    const manifest = require.resolve(`${packageName()}/package.json`);
    const file = path.join(path.dirname(manifest), "bin", "frontgate");
    return isFile(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

function onPath(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.join(folder, "frontgate")).find(isExecutable);
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return isFile(file);
  } catch {
    return false;
  }
}

function cause(binary: string, code: string): string {
  if (code === "EACCES" || code === "EPERM") return `it may not be executed; chmod +x it, or use a file system without noexec`;
  if (!isFile(binary)) return `the file is gone`;
  const program = readProgram(binary);
  if (!program) return `it is not a program for Linux; expected an ELF file for ${process.arch}; ${REMEDY}`;
  if (program.machine !== process.arch) {
    return `it is for the machine ${program.machine}, and this is ${process.arch}; take the one for ${process.arch}`;
  }
  if (code === "ENOENT" && program.loader) {
    return `its loader ${program.loader} is missing on this system (another C library?); take a program that was built for this one`;
  }
  return `it is a program for ${program.machine}, as this machine is; is it whole?`;
}
