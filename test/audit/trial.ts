import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuSecondsOf } from "../../bench/cpu-seconds.ts";
import { type Fault, quantityBoundMs } from "./faults.ts";
import type { ReadCounts } from "./readers.ts";
import type { Rig } from "./rig.ts";

/** One audit, by a process of its own, of a rig to which something is done meanwhile. */
export interface TrialResult {
  readonly fault: string;
  /** Nothing was wrong or beyond its bound. */
  readonly sound: boolean;
  /** The lines that the auditor printed, but for single findings. */
  readonly lines: readonly AuditLine[];
  /** Single findings, by cause. */
  readonly causes: Readonly<Record<string, number>>;
  /** The first finding of each cause. */
  readonly examples: Readonly<Record<string, AuditLine>>;
  readonly markdown: string;
  readonly readers: ReadCounts;
  readonly purgesHeld: number;
  readonly cpuSeconds: { readonly auditor: number; readonly audited: number };
  readonly seconds: number;
}

export interface AuditLine {
  readonly tier?: string;
  readonly offsetMs?: number;
  readonly checked?: number;
  readonly beyond?: number;
  readonly wrong?: number;
  readonly finding?: string;
  readonly cause?: string;
}

export interface TrialSettings {
  readonly fault: Fault;
  readonly seconds: number;
  readonly offsetsMs: readonly number[];
}

export async function runTrial(rig: Rig, { fault, seconds, offsetsMs }: TrialSettings): Promise<TrialResult> {
  const folder = mkdtempSync(join(tmpdir(), "shelfwire-auditor-"));
  const report = join(folder, "report.md");
  const args = [
    ...rig.nodes.flatMap((url) => ["--node", url]),
    "--edge",
    rig.edgeUrl,
    "--for",
    String(seconds),
    "--offsets",
    offsetsMs.join(),
    "--report",
    report,
    ...boundsOf(fault),
  ];
  const held = rig.purges.held;
  const audited = rig.pids();
  await fault.begin(rig);
  try {
    rig.readers.take();
    const before = cpuSecondsOf(audited);
    const startedAt = performance.now();
    const auditor = await runAuditor(rig, args, folder);
    const result = {
      fault: fault.name,
      sound: auditor.code === 0,
      lines: auditor.lines.filter(({ finding }) => finding === undefined),
      causes: countBy(auditor.lines.flatMap(({ cause }) => (cause === undefined ? [] : [cause]))),
      examples: firstOfEach(auditor.lines),
      markdown: readFileSync(report, "utf8"),
      readers: rig.readers.take(),
      purgesHeld: rig.purges.held - held,
      cpuSeconds: { auditor: auditor.cpuSeconds, audited: cpuSecondsOf(audited) - before },
      seconds: Math.round((performance.now() - startedAt) / 1_000),
    };
    rmSync(folder, { recursive: true, force: true });
    return result;
  } finally {
    await fault.end(rig);
  }
}

const lookMs = 500;

async function runAuditor({ world }: Rig, args: readonly string[], dataDir: string) {
  const child = spawn(process.execPath, [...process.execArgv, "ops/main.ts", "audit", "--json", ...args], {
    env: {
      ...process.env,
      NATS_URL: world.natsUrl,
      REDIS_URL: world.redisUrl,
      DATA_DIR: dataDir,
      LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { pid = 0 } = child;
  let cpuSeconds = 0;
  const looking = setInterval(() => {
    cpuSeconds = Math.max(cpuSeconds, cpuSecondsOf([pid]));
  }, lookMs);
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const text = Buffer.concat(parts).toString().trim();
    const lines = text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as AuditLine);
    return { code, lines, cpuSeconds };
  } finally {
    clearInterval(looking);
  }
}

function countBy(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function firstOfEach(lines: readonly AuditLine[]): Readonly<Record<string, AuditLine>> {
  const first: Record<string, AuditLine> = {};
  for (const line of lines) if (line.finding !== undefined) first[line.cause ?? line.finding] ??= line;
  return first;
}

const boundsOf = (fault: Fault): readonly string[] =>
  fault.boundEdgeMs === undefined
    ? []
    : `--bound-edge ${fault.boundEdgeMs} --bound-edge-quantity ${quantityBoundMs(fault)}`.split(" ");
