import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { takeLock } from "../../ops/setup/lock.mjs";
import { processOf } from "../../ops/setup/processes.mjs";
import { findServer } from "../../ops/setup/server-binaries.mjs";

/**
 * The set-up on a copy of the files that it needs, with programs of the test's own in place of npm, apt-get
 * and ops/main.ts: what they are asked, and what a person reads when they fail.
 */

const root = fileURLToPath(new URL("../../", import.meta.url));
let clone: string;
let programs: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "shelfwire-"));
  programs = join(clone, "programs");
  mkdirSync(programs);
  mkdirSync(join(clone, "ops"));
  for (const path of ["ops/setup", "ops/shelfwire.mjs", "package.json", "package-lock.json"]) {
    cpSync(join(root, path), join(clone, path), { recursive: true });
  }
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

const main = (source: string) => writeFileSync(join(clone, "ops/main.ts"), source);
const withPackages = () => symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));

function program(name: string, script: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\necho "${name} $*" >>"$CALLS"\n${script}\n`);
  chmodSync(join(programs, name), 0o755);
}

/** PATH holds the test's programs and the shell's own, so that nothing of this machine is changed. */
function environment(more: Record<string, string> = {}): Record<string, string> {
  return { PATH: `${programs}:/usr/bin:/bin`, CALLS: join(clone, "calls"), ...more };
}

const shelfwire = (args: string[], more: Record<string, string> = {}) =>
  spawnSync(process.execPath, [join(clone, "ops/shelfwire.mjs"), ...args], {
    cwd: clone,
    env: environment(more),
    encoding: "utf8",
  });

const calls = () => readFileSync(join(clone, "calls"), "utf8").trim().split("\n");

test("with nothing missing it says nothing, and hands on arguments, output and exit code", () => {
  withPackages();
  main("console.log(process.argv.slice(2).join()); process.exit(3);");
  const { status, stdout, stderr } = shelfwire(["top", "--json"]);
  expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: "top,--json\n", stderr: "" });
});

test("without packages it runs npm, in one line", () => {
  program("npm", `ln -s ${join(root, "node_modules")} node_modules`);
  main("console.log('up');");
  const { stdout, stderr } = shelfwire(["top"]);
  expect(stdout).toBe("up\n");
  expect(stderr).toBe("shelfwire: installing npm packages; the first time this takes about a minute\n");
  expect(calls()[0]).toMatch(/^npm ci --include=dev /);
});

test("a lock file that npm ci refuses still pins the versions", () => {
  program(
    "npm",
    `[ "$1" = install ] || { echo "npm error code EUSAGE" >&2; exit 1; }
    ln -s ${join(root, "node_modules")} node_modules`,
  );
  main("");
  expect(shelfwire(["top"]).status).toBe(0);
  expect(calls()[1]).toMatch(/^npm install --no-save /);
});

test("packages of another lock file are installed anew", () => {
  mkdirSync(join(clone, "node_modules"));
  const lock = readFileSync(join(root, "node_modules/.package-lock.json"), "utf8");
  writeFileSync(join(clone, "node_modules/.package-lock.json"), lock.replace(/sha512-/, "sha512-other"));
  program("npm", "echo 'npm error code ENOTFOUND' >&2; exit 1");
  const { status, stderr } = shelfwire(["top"]);
  expect(status).toBe(1);
  expect(stderr.trim().split("\n")[1]).toBe(
    "shelfwire: npm could not install the packages (ENOTFOUND): see it all with `npm install`",
  );
});

test("an override that is no program is named", () => {
  withPackages();
  const { status, stderr } = shelfwire(["up"], { NATS_SERVER_BIN: "/none" });
  expect(status).toBe(1);
  expect(stderr).toBe("shelfwire: NATS_SERVER_BIN=/none: must be a program that can be run\n");
});

test("a server that a setting points elsewhere is not needed", () => {
  withPackages();
  main("console.log('up');");
  expect(shelfwire(["up"], { NATS_SERVER_BIN: "/none", NATS_URL: "nats://a:4222" }).stdout).toBe("up\n");
});

test("a server is looked for where systems put them", () => {
  program("nats-server", "");
  expect(findServer("nats-server", { PATH: `/none:${programs}` })).toBe(join(programs, "nats-server"));
  expect(findServer("nats-server", { NATS_SERVER_BIN: join(programs, "nats-server") })).toBe(
    join(programs, "nats-server"),
  );
  expect(findServer("nats-server", { PATH: programs, NATS_SERVER_BIN: "/none" })).toBeUndefined();
});

test("a lock is held by one, and free when its holder is gone", () => {
  const path = join(clone, "lock");
  const lock = takeLock(path);
  expect(takeLock(path)).toEqual({ taken: false, holder: process.pid });
  if (lock.taken) lock.release();
  mkdirSync(path);
  // This process's number, at another time.
  writeFileSync(join(path, `${process.pid}.1`), "");
  expect(takeLock(path).taken).toBe(true);
});

test("a set-up waits for another one at work", async () => {
  program("npm", `[ -e node_modules ] || { sleep 0.3; ln -s ${join(root, "node_modules")} node_modules; }`);
  main("");
  const both = [1, 2].map(async () => {
    const child = spawn(process.execPath, [join(clone, "ops/shelfwire.mjs"), "top"], {
      env: environment(),
      stdio: "ignore",
    });
    const [code] = await once(child, "exit");
    return code;
  });
  expect(await Promise.all(both)).toEqual([0, 0]);
  expect(calls()).toHaveLength(1);
});

test("a signal reaches the program, and kill -9 of the launcher ends it", async () => {
  withPackages();
  main(`
    process.on("SIGTERM", () => console.log("SIGTERM"));
    setTimeout(() => {}, 60_000);
    console.log(process.pid);
  `);
  const launcher = spawn(process.execPath, [join(clone, "ops/shelfwire.mjs"), "up"], {
    env: environment({ NATS_URL: "nats://a:4222", REDIS_URL: "redis://a:6379" }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: launcher.stdout })[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  expect(processOf(pid)).toBeDefined();
  launcher.kill("SIGTERM");
  expect((await lines.next()).value).toBe("SIGTERM");
  launcher.kill("SIGKILL");
  await vi.waitFor(() => expect(processOf(pid)).toBeUndefined(), { timeout: 5_000, interval: 10 });
});
