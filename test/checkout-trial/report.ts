import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { commitNow, machine } from "../chaos/report.ts";
import type { Spread } from "../outages/phases.ts";
import type { Round } from "../stock/rounds.ts";
import type { CrowdFigures } from "./crowd.ts";
import type { CrashFigures, HostileFigures, PartName } from "./part.ts";
import type { Strikes } from "./strikes.ts";
import type { TrialResult } from "./trial.ts";

/** The report of a long run: a section for each part. Those of parts that were not run again stay as they stand in the file. */
export interface Report {
  /** Replaces the part's section and writes the file. */
  put(name: SectionName, text: string): void;
}

export type SectionName = PartName | "rounds";

const titles: Readonly<Record<SectionName, string>> = {
  http: "Over HTTP",
  port: "At the keepers' port",
  recounts: "Counted while it is bought",
  crashes: "A crash between an append and its answer",
  hostile: "Hostile bodies",
  rounds: "Two keepers of one partition",
};
const names = Object.keys(titles) as readonly SectionName[];

export function openReport(path: string): Report {
  const sections = new Map<SectionName, string>();
  const old = existsSync(path) ? readFileSync(path, "utf8").split(/^## /m) : [];
  for (const name of names) {
    const found = old.find((text) => text.startsWith(`${titles[name]}\n`));
    if (found !== undefined) sections.set(name, found.slice(titles[name].length).trim());
  }
  return {
    put(name, text) {
      sections.set(name, text);
      const told = names.flatMap((each) => {
        const section = sections.get(each);
        return section === undefined ? [] : [`## ${titles[each]}\n\n${section}\n`];
      });
      writeFileSync(path, `${introduction()}\n${told.join("\n")}`);
    },
  };
}

type Cell = string | number;
const count = (value: number) => value.toLocaleString("en");
const cellOf = (value: Cell) => (typeof value === "number" ? count(value) : value);
const row = (cells: readonly Cell[]) => `| ${cells.map(cellOf).join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly Cell[])[]) =>
  [row(head), `|---|${"---:|".repeat(head.length - 1)}`, ...rows.map(row)].join("\n");
const listed = (counts: object) =>
  Object.entries(counts)
    .map(([name, value]) => `${name} ${count(value)}`)
    .join(", ");

/** Of a part that had a rig of its own. */
export function partSection(name: PartName, result: TrialResult): string {
  const { crowd, strikes, crashes, recounts, hostile } = result.parts[name] ?? {};
  const parts = [
    run(result.seed),
    ...(crowd === undefined ? [] : [crowdTable(crowd, result)]),
    ...(strikes === undefined ? [] : [strikesText(strikes)]),
    ...(recounts === undefined ? [] : [recountsText(recounts, result)]),
    ...(crashes === undefined ? [] : [crashTable(crashes)]),
    ...(hostile === undefined ? [] : [hostileText(hostile)]),
    table(
      ["what must hold", "looked at", ""],
      result.checks.map(({ name: what, looked, wrong }) => [
        what,
        looked,
        looked > 0 && wrong.count === 0 ? "pass" : `**FAIL** ${count(wrong.count)}`,
      ]),
    ),
  ];
  if (result.wrong.length > 0)
    parts.push(`What was wrong:\n\n${result.wrong.map((each) => `- ${each.split("\n")[0]}`).join("\n")}`);
  return parts.join("\n\n");
}

function crowdTable({ counts, calm }: CrowdFigures, { events, seconds }: TrialResult): string {
  const { quotes, attempts, sold, cancelled, left, refused, lapsed, unknown, rushMs } = counts;
  const { unanswered, unavailable, inProgress, tooMany } = counts;
  return table(
    ["", ""],
    [
      ["quotes", quotes],
      ["attempts to reserve", attempts],
      ["reserved", sold + cancelled + left],
      [
        "of them confirmed / cancelled / left until their time was up",
        [sold, cancelled, left].map(count).join(" / "),
      ],
      ["refused: less in stock than was wanted", refused],
      ["over before anybody was told", lapsed],
      ["without an answer in the end", unknown],
      [
        "requests repeated: no answer / 503 / in progress / 429",
        [unanswered, unavailable, inProgress, tooMany].map(count).join(" / "),
      ],
      ["attempts a second, under fault", Math.round((1_000 * attempts) / Math.max(1, rushMs))],
      ["a reservation that is made, in the calm: median / 99th percentile", spread(calm.held)],
      ["one that is refused, in the calm", spread(calm.refused)],
      ["events of STOCK", events],
      ["all of it took", `${count(seconds)} s`],
    ],
  );
}

const spread = ({ count: of, p50, p99 }: Spread) =>
  of === 0 ? "none" : `${p50} / ${p99} ms of ${count(of)}`;

const strikesText = (strikes: Strikes) =>
  `Killed by -9: ${listed({
    "processes of keepers": strikes.keeper,
    "API nodes": strikes.node,
    "nats-server": strikes.nats,
  })}. Stood still: ${listed({
    "nats-server": strikes["standing nats"],
    "processes of keepers": strikes["standing keeper"],
  })} times.`;

const recountsText = (events: number, { counts: { taken, belowHolds } }: TrialResult) =>
  `A system of record said ${count(events)} times how much there is, the last word about each product included. ` +
  `${count(taken)} counts came into STOCK, ${count(belowHolds)} of them below what was on hold.`;

const hostileText = ({ bodies, connections, statuses }: HostileFigures) =>
  `${count(bodies)} requests over ${connections} connections, answered by ${listed(statuses)}. Nothing else was asked of the nodes but a
purchase of each kind before, in the middle and afterwards.`;

const crashTable = ({ node, keeper, "standing keeper": standing }: CrashFigures) =>
  table(
    ["", "before the answer", "too late for that"],
    [
      ["killed: the API node, behind an append of the attempt", node.hit, node.late],
      ["killed: the keeper, behind its commit", keeper.hit, keeper.late],
      [
        "stood still: the keeper, behind the question, until another one had refused the buyer",
        standing.hit,
        standing.late,
      ],
    ],
  );

/** Whether it was as it must be, in each round. */
export const isRight = ({ sold, inLog }: Round, stock: number): boolean => sold === stock && inLog === stock;

export function roundsSection(rounds: readonly Round[], stock: number, buyers: number): string {
  const sum = (of: (round: Round) => number) => rounds.reduce((all, round) => all + of(round), 0);
  const right = rounds.filter((round) => isRight(round, stock)).length;
  return [
    `${today()}, ${buyers} buyers, ${stock} units, three nats-servers with three replicas of the log.`,
    table(
      ["rounds", `rounds in which ${stock} were sold`, "units sold", "fewest", "most"].concat(
        "commits taken by the server",
        "of them dead by the fold",
      ),
      [
        [
          rounds.length,
          right,
          sum(({ sold }) => sold),
          Math.min(...rounds.map(({ sold }) => sold)),
          Math.max(...rounds.map(({ sold }) => sold)),
          sum(({ commits }) => commits),
          sum(({ dead }) => dead),
        ],
      ],
    ),
    right === rounds.length ? "pass" : "**FAIL**",
  ].join("\n\n");
}

const today = () => `${new Date().toISOString().slice(0, 10)}, ${commitNow()}`;
const run = (seed: number) => `${today()}, seed ${seed}.`;

function introduction(): string {
  return `# The checkout under fault

Written by \`npm run checkout -- --report docs/checkout-trial.md\`; \`--attempts\`, \`--port\`, \`--recounts\`, \`--crashes\`,
\`--hostile\` and \`--rounds\` say how many there are to be of each, and 0 leaves a part out. Each part has a nats-server and a redis-server of its own, a
projector, two processes of keepers and two API nodes, and 200 products with limited stock.

Buyers ask again, with the same key, until they know what became of their attempt; of those who got what they wanted five in
ten confirm, four cancel, and one does nothing more, so that his time runs out. Meanwhile processes of keepers, API nodes and
nats-server are killed by -9 at random moments, nats-server is stopped for up to five seconds, so that publishes time out, and a
process of keepers for up to eight, so that another one keeps its stock when it goes on.
At the end the clock of all processes is put forward by eleven minutes, which ends what is still on hold, and what is left of
each product is bought. Then everything that buyers were told is held against the logs, by a fold that shares no code with
Shelfwire (\`test/stock/prefixes.ts\`). At the keepers' port the same is done without HTTP, quotes and records.

In one part a system of record counts the products while they are bought, two counts in five below what may well be on hold, and
each product once more in the end. The fold follows the counts; an event of CATALOG that a keeper has written, by its \`stock\`
field, must never be one of them. Hostile bodies are broken JSON, nested, huge and half-sent ones, wrong types, keys and media
types, and quotes that are forged, altered, expired, of another user or of another currency.

${machine()}
Buyers and whoever kills share it.
`;
}
