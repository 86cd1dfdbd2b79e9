// pack.mjs OUT BINARY: packs the built package, and the package that contains BINARY.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const { readProgram } = createRequire(import.meta.url)("../dist/elf.js");
const [out, binary] = process.argv.slice(2);
const kit = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const root = path.resolve(kit, "../..");
const manifest = JSON.parse(fs.readFileSync(path.join(kit, "package.json"), "utf8"));
const { version, license } = manifest;

const stage = fs.mkdtempSync(path.join(os.tmpdir(), "frontgate-pack-"));
try {
  for (const old of fs.readdirSync(out).filter((name) => /^frontgate-.*\.tgz$/.test(name))) fs.rmSync(path.join(out, old));
  checkVersion();
  pack(platformPackage());
  pack(kitPackage());
} finally {
  fs.rmSync(stage, { recursive: true });
}

/** Both packages have one version: that of the program. */
function checkVersion() {
  const said = execFileSync(binary, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1);
  if (said !== version) throw new Error(`${binary} is version ${said}, package.json says ${version}: make them equal`);
}

/** The package as it is published: without what only its own build needs, with the programs. */
function kitPackage() {
  const { devDependencies, scripts, ...published } = manifest;
  const folder = path.join(stage, "kit");
  fs.cpSync(path.join(kit, "dist"), path.join(folder, "dist"), { recursive: true });
  fs.copyFileSync(path.join(kit, "README.md"), path.join(folder, "README.md"));
  return write(folder, { ...published, optionalDependencies: { "@frontgate/linux-x64": version } });
}

/** The package of the program, for npm to install where it can run. */
function platformPackage() {
  const program = readProgram(binary);
  if (!program) throw new Error(`${binary} is no ELF file of a 64-bit little-endian machine`);
  const { machine, loader } = program;
  const libc = loader === undefined ? {} : { libc: [loader.includes("musl") ? "musl" : "glibc"] };
  const folder = path.join(stage, "platform");
  fs.mkdirSync(path.join(folder, "bin"), { recursive: true });
  fs.copyFileSync(binary, path.join(folder, "bin", "frontgate"));
  fs.chmodSync(path.join(folder, "bin", "frontgate"), 0o755);
  fs.writeFileSync(path.join(folder, "README.md"), `The program \`frontgate\` for linux-${machine}; a part of the package \`frontgate\`.\n`);
  return write(folder, {
    name: `@frontgate/linux-${machine}`,
    version,
    description: `The program frontgate for linux-${machine}`,
    license,
    os: ["linux"],
    cpu: [machine],
    ...libc,
    files: ["bin", "LICENSE-MIT", "LICENSE-APACHE"],
    preferUnplugged: true,
  });
}

function write(folder, content) {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) fs.copyFileSync(path.join(root, name), path.join(folder, name));
  fs.writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(content, null, 2)}\n`);
  return folder;
}

function pack(folder) {
  const name = execFileSync("npm", ["pack", "--silent", "--pack-destination", out], { cwd: folder, encoding: "utf8" }).trim();
  console.log(`build: ${name}`);
}
