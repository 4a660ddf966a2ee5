import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { auditor } from "./cases/auditor.ts";
import { batch } from "./cases/batch.ts";
import { counting } from "./cases/counting.ts";
import { detection } from "./cases/detection.ts";
import { edge } from "./cases/edge.ts";
import { flip } from "./cases/flip.ts";
import { herd } from "./cases/herd.ts";
import { hot } from "./cases/hot.ts";
import { hotActors } from "./cases/hot-actors.ts";
import { importing } from "./cases/import.ts";
import { memory } from "./cases/memory.ts";
import { miss } from "./cases/miss.ts";
import { overload } from "./cases/overload.ts";
import { purge } from "./cases/purge.ts";
import { rebuilding } from "./cases/rebuild.ts";
import { replay } from "./cases/replay.ts";
import { stockContention } from "./cases/stock-contention.ts";
import { stockThroughHttp } from "./cases/stock-http.ts";
import { stockSpread } from "./cases/stock-spread.ts";
import { visible } from "./cases/visible.ts";
import { wide } from "./cases/wide.ts";
import { zipf } from "./cases/zipf.ts";
import { type Row, report } from "./report.ts";

/**
 * `npm run bench [-- CASE ...] [--million]`: every case beside its yardstick in the same run. Results are
 * added to bench/results.md. With `--million` replay and memory also run at a million products, and wide and zipf do
 * so instead of at a hundred thousand, which takes about half an hour and 12 GB of disk.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { million: { type: "boolean" } },
});

const sizes = [
  { products: 10_000, rounds: 10, turns: 3 },
  { products: 100_000, rounds: 1, turns: 3 },
  ...(values.million === true ? [{ products: 1_000_000, rounds: 1, turns: 1 }] : []),
];

const products = values.million === true ? 1_000_000 : 100_000;

const cases: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  replay: () => replay(sizes),
  visible: () => visible(4_000),
  miss: () => miss(100_000, 5_000),
  hot: () => hot(7),
  "hot-actors": () => hotActors(10_000, 8),
  counting: () => counting(7),
  detection: () => detection(400),
  flip: () => flip(25),
  wide: () => wide(products, 7),
  zipf: () => zipf(products, 64, 5),
  batch: () => batch(100_000, 2_000),
  herd: () => herd(10_000, 5),
  edge: () => edge(7),
  memory: () => memory(sizes),
  overload,
  rebuild: () => rebuilding(100_000, 1),
  import: () => importing(5_000, 9),
  purge: () => purge(10_000, 4_000),
  auditor: () => auditor(5_000, 200),
  contention: () => stockContention(7, 4_000),
  "stock-http": () => stockThroughHttp(5, 4_000),
  spread: () => stockSpread(10_000, 7, 4_000),
};

const version = (command: string, pattern: RegExp) =>
  pattern.exec(execFileSync(command, ["--version"], { encoding: "utf8" }))?.[1] ?? "unknown";
const versions = `Node ${process.versions.node}, nats-server ${version("nats-server", /v([\d.]+)/)}, Redis ${version("redis-server", /v=([\d.]+)/)}`;

for (const [name, run] of Object.entries(cases)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  report("bench/results.md", name, await run(), new Date(), versions);
}
