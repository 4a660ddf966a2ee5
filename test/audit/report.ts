import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commitNow, machine } from "../chaos/report.ts";
import { type Fault, faults, quantityBoundMs } from "./faults.ts";
import type { RigSettings } from "./rig.ts";
import type { TrialResult } from "./trial.ts";

/** The report of long runs: a section for each. Those that were not run again stay as they stand in the file. */
export interface Report {
  put(fault: Fault, result: TrialResult, settings: RigSettings): void;
}

export function openReport(path: string): Report {
  const sections = new Map<string, string>();
  const old = existsSync(path) ? readFileSync(path, "utf8") : "";
  for (const section of old.split(/^(?=## )/m).slice(1)) {
    const name = /^## (\S+)/.exec(section)?.[1];
    if (name !== undefined) sections.set(name, section.trimEnd());
  }
  return {
    put(fault, result, settings) {
      sections.set(fault.name, sectionOf(fault, result, settings));
      writeFileSync(path, textOf(sections));
    },
  };
}

function sectionOf(fault: Fault, result: TrialResult, settings: RigSettings): string {
  const { readers, cpuSeconds, purgesHeld, seconds } = result;
  const { p50, p99, max } = readers.latencyMs;
  const share = Math.round((100 * cpuSeconds.auditor) / (cpuSeconds.auditor + cpuSeconds.audited));
  const { boundEdgeMs = 0 } = fault;
  const quantityMs = quantityBoundMs(fault);
  const alone =
    quantityMs === boundEdgeMs
      ? ""
      : `, with a quantity alone, which nothing purges, to ${quantityMs / 1_000} s`;
  const bound = boundEdgeMs === 0 ? "its own bounds" : `${boundEdgeMs / 1_000} s${alone}`;
  const held = purgesHeld === 0 ? "" : ` ${purgesHeld} calls that purge were hindered.`;
  return `## ${fault.name}

${sentence(fault.story)} The edge is held to ${bound}. ${settings.changesPerSecond} changes a second over ${settings.products} products, ${seconds} s,
${new Date().toISOString().slice(0, 10)}, commit ${commitNow()}.${held}

${result.markdown.trim()}

Readers at ${settings.readsPerSecond} a second through the edge: ${readers.reads} reads, ${readers.direct} of them given by a node past it, ${readers.shed}
refused with 503, ${readers.failed} failed; ${p50} / ${p99} / ${max} ms (median, 99th percentile, maximum). CPU: the auditor
${cpuSeconds.auditor.toFixed(0)} s, what it audits ${cpuSeconds.audited.toFixed(0)} s, so ${share} % of both.`;
}

const sentence = (story: string) => `${story.slice(0, 1).toUpperCase()}${story.slice(1)}.`;

function textOf(sections: ReadonlyMap<string, string>): string {
  const present = faults.flatMap(({ name }) => sections.get(name) ?? []);
  return `# What the auditor found

Written by \`npm run audit -- --report docs/audit.md\`; \`--fault NAME\` runs one of them again. A nats-server, a
redis-server, \`shelfwire up\` with the actor that purges the edge, a second node, \`shelfwire api\`, and Varnish in front of both,
each a process; a shop under steady change; and \`shelfwire audit\` beside them. [Auditing](edge-audit.md) says how to read
the tables.

${machine()}
All of it shares the machine.

${present.join("\n\n")}
`;
}
