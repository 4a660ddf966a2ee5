import { createSlots } from "../../streams/slots.ts";
import { unclaimed } from "../../projections/load-claims.ts";
import { createCatalogReader, type Found } from "../../api/reader.ts";
import type { ProductState } from "../../api/views.ts";
import { Problem } from "../../api/problems.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Versions } from "../../projections/version.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { silent } from "../projections/projecting.ts";
import type { Clock } from "./clock.ts";
import type { Life, Network } from "./network.ts";
import type { PlannedRead } from "./plan.ts";
import type { Tell } from "./story.ts";
import type { Part, Truth } from "./truth.ts";
import type { Violations } from "./violations.ts";

/**
 * A reader: a process of the API with one client behind it, who sends back the version that was seen. Each
 * answer is held against the log: nothing in it is made up, it includes all that it says it includes, and
 * nothing that this client saw is taken back.
 */
export interface ReaderProcess {
  read(read: PlannedRead): Promise<void>;
  /** Once all is well: every read is answered, and includes whatever was acknowledged. */
  readCalmly(products: readonly Identifier[]): Promise<void>;
}

export interface ReaderOptions {
  readonly life: Life;
  readonly network: Network;
  readonly clock: Clock;
  readonly catalog: Log;
  readonly derived: Log;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly truth: Truth;
  readonly violations: Violations;
  /** The highest sequence that the log acknowledged so far. */
  readonly acknowledged: () => number;
  readonly tell: Tell | undefined;
}

const freshnessMs = 5_000;
/** A reader that waits for a version looks this often: seldom, to make a run short. */
const pollMs = 150;

const partsOf = ({ details, price, inventory, rating, sales }: ProductState) =>
  ({ product: details, price, inventory, rating, sales }) as const;

export function createReaderProcess(options: ReaderOptions): ReaderProcess {
  const { life, network, clock, truth, violations, acknowledged, tell } = options;
  const reader = createCatalogReader({
    ...options,
    slots: createSlots(32),
    claims: unclaimed,
    now: clock.now,
    sleep: (ms) => network.sleep(life, Math.max(ms, pollMs)),
    journal: silent,
  });
  /** The version that the client sends back. */
  let seen = 0;
  /** What it saw of each part of each product. */
  const seenOf = new Map<string, number>();

  const say = (id: Identifier, what: string) => tell?.(life.process, `reads ${id}: ${what}`);

  function judge(
    part: Part,
    id: Identifier,
    value: { readonly sequence: number } | undefined,
    includes: number,
  ): void {
    const who = `${life.process} reads the ${part} of ${id}`;
    const sequence = value?.sequence ?? 0;
    const problem = value && truth.problemAt(part, id, sequence, value);
    if (problem !== undefined) violations.add("answer", `${who}: ${problem}`);
    const due = truth.newest(part, id, includes);
    if (sequence < due)
      violations.add(
        "answer",
        `${who} at ${sequence}, and is told that ${includes} is included: ${due} is not`,
      );
    const key = `${part} ${id}`;
    const before = seenOf.get(key) ?? 0;
    if (sequence < truth.newest(part, id, before))
      violations.add("backwards", `${who} at ${sequence}, after having seen ${before}`);
    seenOf.set(key, Math.max(before, sequence));
  }

  function judgeFound(id: Identifier, found: Found | undefined, includes: number): void {
    if (found === undefined) {
      say(id, `there is no such product (up to ${includes})`);
      judge("product", id, undefined, includes);
      return;
    }
    const { state, sequence, source } = found;
    const parts = Object.entries(partsOf(state)) as [Part, { readonly sequence: number } | undefined][];
    if (tell !== undefined) {
      const shown = parts.map(([part, value]) => `${part}@${value?.sequence ?? "none"}`);
      say(id, `${shown.join(" ")} from ${source}, including ${sequence} (asked for ${includes})`);
    }
    const together = source === "stale" ? 0 : versionOfPrice(state);
    for (const [part, value] of parts) {
      const least = part === "price" || part === "sales" ? together : 0;
      judge(part, id, value, Math.max(sequence, includes, least));
      // A client that means it sends back the highest version it was shown, in the header or in the body.
      seen = Math.max(seen, sequence, value?.sequence ?? 0);
    }
  }

  async function readReviews(id: Identifier, wanted: Parameters<typeof reader.reviews>[1], includes: number) {
    const { reviews } = await reader.reviews(id, wanted);
    const problem = reviews && truth.problemAt("reviews", id, reviews.sequence, reviews);
    if (problem !== undefined)
      violations.add("answer", `${life.process} reads the reviews of ${id}: ${problem}`);
    if ((reviews?.sequence ?? 0) < truth.newest("reviews", id, includes))
      violations.add("answer", `${life.process} reads old reviews of ${id}`);
  }

  async function readStrongly(id: Identifier): Promise<void> {
    const asked = acknowledged();
    const [exists, { price, sales }, inventory] = await Promise.all([
      reader.strongExists(id),
      reader.strongPrice(id),
      reader.strongInventory(id),
    ]);
    say(
      id,
      `strongly: price@${price?.sequence ?? "none"} inventory@${inventory?.sequence ?? "none"} (${asked} is in the log)`,
    );
    if (!exists && truth.newest("product", id, asked) > 0)
      violations.add("answer", `${life.process} reads strongly: there is no ${id}`);
    const together = Math.max(asked, versionOfPrice({ price, sales }));
    judge("price", id, price, together);
    judge("inventory", id, inventory, asked);
    judge("sales", id, sales, together);
    seen = Math.max(seen, price?.sequence ?? 0, inventory?.sequence ?? 0, sales?.sequence ?? 0);
  }

  return {
    async read({ product, how }) {
      try {
        if (how === "strong") {
          await readStrongly(product);
          return;
        }
        const asked = seen;
        const wanted = { freshnessMs, ...(asked > 0 && { minSequence: asked }) };
        const [found] = await reader.read([product], wanted);
        judgeFound(product, found, asked);
        await readReviews(product, wanted, 0);
      } catch (error) {
        // No tier can answer: that is said, and nothing else may go wrong.
        say(product, `no answer: ${(error as Error).message}`);
        if (!(error instanceof Problem)) violations.add("unhandled", `${(error as Error).stack}`);
      }
    },

    async readCalmly(products) {
      const asked = acknowledged();
      try {
        const found = await reader.read(products, { freshnessMs });
        for (const [at, id] of products.entries()) judgeFound(id, found[at], asked);
        for (const id of products.slice(0, 2)) await readReviews(id, { freshnessMs }, asked);
      } catch (error) {
        violations.add("answer", `${life.process} gets no answer: ${(error as Error).stack}`);
      }
    },
  };
}

/**
 * What a price says of itself: the newest event that it was made from, of which every earlier one must be in it as well. Only
 * what is marked as of no certain moment need not be whole.
 */
function versionOfPrice({ price, sales }: Priced): number {
  return Math.max(price?.sequence ?? 0, sales?.sequence ?? 0);
}

interface Priced {
  readonly price: { readonly sequence: number } | undefined;
  readonly sales: { readonly sequence: number } | undefined;
}
