import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commitNow, machine } from "../chaos/report.ts";
import { parseRehearse } from "../../ops/commands/rehearse.ts";
import { Refused } from "../../ops/refused.ts";
import { parseArgs } from "node:util";
import { startRig } from "./rig.ts";

/**
 * `npm run rehearse -- [--products-count N] [OPTION ...]`: a system of its own, servers, an API node with two threads, a
 * projector and the actors, each a process, with a catalogue of N products (default 10,000); and `shelfwire rehearse`
 * beside it, with the options given. The certificate goes to stdout and to docs/rehearsal.md, unless --report names
 * another file. Exits non-zero where a line of it fails, or a process did not end in order.
 */
const workers = 2;
const report = "docs/rehearsal.md";

interface Plan {
  readonly products: number;
  readonly report: string;
  /** For the command, which knows what they mean. */
  readonly words: readonly string[];
}

const names = ["peak", "share", "zipf", "deals", "deal-share", "changes", "seed"].concat(
  "steady",
  "bursts",
  "warming",
  "ramp",
  "hold",
  "cooling",
);

function planOf(words: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...words],
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: "string" } as const])),
      "products-count": { type: "string", default: "10000" },
      report: { type: "string", default: report },
      short: { type: "boolean", default: false },
    },
  });
  const { "products-count": count, report: file, short, ...others } = values;
  if (!/^[1-9]\d{2,5}$/.test(count))
    throw new Refused(`--products-count ${count}: must be a whole number from 100 to 999999`);
  const given = Object.entries(others).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // What is wrong is said before anything is started.
  parseRehearse(Object.fromEntries(Object.entries(others).map(([name, value]) => [camel(name), value])));
  return { products: Number(count), report: file, words: [...given, ...(short ? ["--short"] : [])] };
}

const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

try {
  const plan = planOf(process.argv.slice(2));
  const rig = await startRig({ products: plan.products, workers });
  let code: number | null = 1;
  try {
    code = await rehearse(rig.environment, ["--node", rig.node, "--report", plan.report, ...plan.words]);
  } finally {
    const disorderly = await rig.stop();
    for (const each of disorderly) process.stderr.write(`${each}\n`);
    if (disorderly.length > 0) code = 1;
  }
  if (existsSync(plan.report)) {
    const text = readFileSync(plan.report, "utf8").trimEnd();
    writeFileSync(plan.report, `${text}\n\n${closingOf(plan)}\n`);
  }
  process.exit(code ?? 1);
} catch (error) {
  const known = error instanceof Refused || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`rehearse: ${known ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}

function closingOf({ products }: Plan): string {
  return `Written by \`npm run rehearse\`, commit ${commitNow()}: a nats-server, a redis-server, \`shelfwire api\` with ${workers} threads,
\`shelfwire projector\` and \`shelfwire actors\`, each a process, a catalogue of ${products.toLocaleString("en")} products, and \`shelfwire rehearse\`
beside them. ${machine()} All of it shares the machine.`;
}

function rehearse(environment: NodeJS.ProcessEnv, words: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [...process.execArgv, "ops/main.ts", "rehearse", ...words], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}
