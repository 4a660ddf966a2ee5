import type { Certificate, PhaseLine, Tiers, Verdict } from "./certificate.ts";
import type { Flip } from "./flip.ts";

/** A certificate for people, and for programs. */
export interface Circumstances {
  /** Such as `2 cores (AMD EPYC), Node v26.1.0`. */
  readonly machine: string;
  /** RFC 3339. */
  readonly at: string;
  /** In their order; all that is needed to do it again. */
  readonly settings: Readonly<Record<string, string | number>>;
}

const number = (value: number) => Math.round(value).toLocaleString("en");
const ms = (value: number) => (Number.isNaN(value) ? "-" : value.toFixed(value < 10 ? 2 : 1));

const head = ["phase", "seconds", "requests/s", "errors", "p50 ms", "p99 ms", "p99.9 ms", "max ms"].concat(
  "hot reads",
  "other reads",
  "requests/s per core",
  "load: late p99 ms, busy",
);

function rowOf(phase: PhaseLine): readonly string[] {
  const { name, seconds, perSecond, p50, p99, p999, max, latenessP99, busy, perCore } = phase;
  return [
    name,
    number(seconds),
    number(perSecond),
    errorsText(phase),
    ...[p50, p99, p999, max].map(ms),
    sharesText(phase.hot),
    sharesText(phase.other),
    perCore === undefined ? "not known" : number(perCore),
    `${ms(latenessP99)}, ${Math.round(100 * busy)} %`,
  ];
}

function errorsText({ errors, errorsBy, unsent }: PhaseLine): string {
  if (errors === 0) return "0";
  const told = Object.entries(errorsBy).map(([name, count]) =>
    name === "0"
      ? `${number(count)} without an answer (${number(unsent)} unsent)`
      : `${number(count)} ${name}`,
  );
  return `${number(errors)}: ${told.join(", ")}`;
}

/** `memory 99.95 %, redis 0.05 %`, the most frequent first. */
function sharesText(tiers: Tiers): string {
  const all = Object.values(tiers).reduce((sum, count) => sum + count, 0);
  if (all === 0) return "-";
  return Object.entries(tiers)
    .sort(([, a], [, b]) => b - a)
    .map(([tier, count]) => `${tier === "" ? "unnamed" : tier} ${((100 * count) / all).toFixed(2)} %`)
    .join(", ");
}

function linesOfText(certificate: Certificate): readonly string[] {
  const { capacity, peak, perCore, fleet, hotKeys, detection, changes, start, end } = certificate;
  const measured =
    capacity === undefined ? "The peak was given" : `Measured capacity: ${number(capacity)} requests/s`;
  return [
    `${measured}; peak ${number(peak)} requests/s.`,
    perCoreText(perCore),
    ...fleet.map(
      ({ perSecond, cores, nodes }) =>
        `${number(perSecond)} requests/s at 60 % load: ${number(cores)} cores, ${number(nodes)} nodes of 16 cores.`,
    ),
    `Sale's start: ${flipText(start)}.`,
    `Sale's end: ${flipText(end)}.`,
    `Changes: ${number(changes.published)} published, ${number(changes.onDeals)} of them on deals, ${number(changes.failed)} failed.`,
    `Log reads of hot keys: ${number(hotKeys.logReads)}, of which loads by the hot-set's owner ${number(hotKeys.ownerLoads)}; refreshes ${number(hotKeys.refreshes)}.`,
    detectionText(detection),
  ];
}

function perCoreText(perCore: Certificate["perCore"]): string {
  if (perCore === undefined) return "Requests a second per core: not known (name them with --cores).";
  const by = perCore.by === "processor" ? "by the processor time of the nodes at the peak" : "by --cores";
  return `Requests a second per core: ${number(perCore.perSecond)}, ${by}.`;
}

function flipText({ asked, failed, early, lastOldMs, flippedMs }: Flip): string {
  const flipped =
    flippedMs === undefined ? "not on every connection in 2 s" : `everywhere after ${flippedMs} ms`;
  return `the new price ${flipped}; the old one was last shown to who asked ${lastOldMs} ms after it; ${number(early)} early; ${number(asked)} asked, ${number(failed)} failed`;
}

function detectionText({ bursts, tookMs }: Certificate["detection"]): string {
  const median = tookMs[Math.floor(tookMs.length / 2)];
  const told =
    median === undefined
      ? "no transition to hot was seen"
      : `hot after ${median.toFixed(0)} ms (median), ${(tookMs.at(-1) ?? median).toFixed(0)} ms (the slowest)`;
  return `Detection: ${number(bursts)} bursts on cold products, ${number(tookMs.length)} of them found: ${told}.`;
}

const verdictText = ({ what, found, pass }: Verdict) => `${pass ? "pass" : "FAIL"}  ${what}: ${found}`;

const settingsText = ({ settings }: Circumstances) =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");

/** In columns. */
export function tableOf(certificate: Certificate, circumstances: Circumstances): string {
  const rows = [head, ...certificate.phases.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const { machine, at } = circumstances;
  return [
    `Rehearsal of ${at}. ${machine}. ${settingsText(circumstances)}.`,
    "",
    ...lines,
    "",
    ...linesOfText(certificate),
    "",
    ...certificate.verdicts.map(verdictText),
  ].join("\n");
}

export function markdownOf(certificate: Certificate, circumstances: Circumstances): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = `|---|${"---:|".repeat(head.length - 1)}`;
  return [
    "# A rehearsal",
    "",
    `${circumstances.at}. ${circumstances.machine}. Settings: ${settingsText(circumstances)}.`,
    "",
    ...certificate.verdicts.map((verdict) => `- ${verdictText(verdict)}`),
    "",
    row(head),
    rule,
    ...certificate.phases.map((phase) => row(rowOf(phase))),
    "",
    ...linesOfText(certificate).map((line) => `- ${line}`),
  ].join("\n");
}

/** One object for each phase, then one for each verdict, then one with all else. */
export function linesOf(certificate: Certificate, circumstances: Circumstances): readonly object[] {
  const { phases, verdicts, ...rest } = certificate;
  return [
    ...phases.map((phase) => ({ phase: phase.name, ...phase })),
    ...verdicts.map(({ what, found, pass }) => ({ verdict: what, found, pass })),
    { ...circumstances, ...rest },
  ];
}
