import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startLeashed } from "../../../ops/embedded/leash.ts";
import { freePort } from "../../../ops/port.ts";
import { findServer } from "../../../ops/setup/server-binaries.mjs";
import { startTestEdge } from "../edges.ts";

/** What the suite is run through. */
export interface Cache {
  readonly port: number;
  stop(): Promise<void>;
}

/** The suite's origin has no `/readyz`, but a page. */
export const startOurs = (originPort: number): Promise<Cache> =>
  startTestEdge([`http://127.0.0.1:${originPort}`], { probePath: "/test-browser.html" });

/** Varnish without a word of configuration but where the origin is. */
export async function startStock(originPort: number, parameters: readonly string[]): Promise<Cache> {
  const program = findServer("varnishd");
  if (program === undefined) throw new Error("varnishd not found: install varnish");
  const folder = mkdtempSync(join(tmpdir(), "shelfwire-stock-"));
  const port = await freePort(0);
  const vcl = join(folder, "stock.vcl");
  writeFileSync(vcl, `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${originPort}"; }\n`);
  const place = ["-F", "-j", "none", "-T", "none", "-n", join(folder, "work"), "-a", `127.0.0.1:${port}`];
  const rest = ["-f", vcl, "-s", "malloc,64m", ...parameters.flatMap((parameter) => ["-p", parameter])];
  const server = await startLeashed({
    command: [program, ...place, ...rest],
    pidFile: join(folder, "pid"),
    logFile: join(folder, "log"),
  });
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) break;
    await delay(50);
  }
  return {
    port,
    async stop() {
      server.kill("SIGTERM");
      await server.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
