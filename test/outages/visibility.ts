import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "../../ops/demo/random.ts";
import { type AskedNode, lanes, type Reply } from "./asking.ts";
import { byPhase, type Phase, type Spread, spreadOf } from "./phases.ts";
import type { Standstills } from "./standstills.ts";

/**
 * How long a published price takes to be shown everywhere: of some price changes each node is asked over several
 * connections, again and again, until each of them has shown that price or a newer one.
 */
export interface Visibility {
  /** `publishedAt`: before it was sent to the log, in monotonic milliseconds. */
  watch(id: string, sequence: number, publishedAt: number): void;
  /** Resolves when nobody is waiting any more. */
  settled(): Promise<void>;
  figures(): VisibilityFigures;
  /** Prices that were not shown in time, in words. */
  readonly wrong: readonly string[];
}

export interface VisibilityFigures {
  /** From publication to the last of the connections, without what is flagged. */
  readonly phases: Readonly<Record<Phase, Spread>>;
  /** Not counted, because the measuring thread itself stood still meanwhile. */
  readonly flagged: number;
}

/** About 10 a second of the 42 prices in a hundred changes. */
const share = 0.24;
/** More at once would be a load of its own while a price takes seconds. */
const openMax = 6;
const lanesAsked = 4;
const pollMs = 5;
const pollMsMax = 250;
/** From then on a price is looked for in steps of an eighth of its age, which is how exact the figure is. */
const exactMs = 40;
const visibleMsMax = 45_000;

export function createVisibility(options: {
  readonly nodes: readonly AskedNode[];
  readonly see: (reply: Reply) => void;
  readonly phase: () => Phase;
  readonly standstills: Standstills;
}): Visibility {
  const { nodes, see, phase, standstills } = options;
  const random = createRandom(1, -3);
  const laneNumbers = Array.from({ length: lanes }, (_, lane) => lane);
  const open = new Set<Promise<void>>();
  const times = byPhase((): number[] => []);
  const wrong: string[] = [];
  let flagged = 0;

  async function follow(id: string, sequence: number, publishedAt: number, begunIn: Phase): Promise<void> {
    const asked = random.sample(laneNumbers, lanesAsked);
    let waiting = nodes.flatMap((node) => asked.map((lane) => ({ node, lane })));
    let shownAt = publishedAt;
    for (;;) {
      const round = performance.now();
      const replies = await Promise.all(
        waiting.map(({ node, lane }) => node.ask(`/api/products/${id}`, lane)),
      );
      for (const reply of replies) {
        see(reply);
        if (shows(reply, sequence)) shownAt = Math.max(shownAt, reply.ended);
      }
      waiting = waiting.filter((_, at) => !shows(replies[at], sequence));
      if (waiting.length === 0) break;
      const age = performance.now() - publishedAt;
      if (age > visibleMsMax) {
        const where = waiting.map(({ node, lane }) => `${node.name} lane ${lane}`).join(", ");
        wrong.push(`price ${sequence} of ${id} was not shown after ${visibleMsMax} ms by ${where}`);
        return;
      }
      const pause = age < exactMs ? pollMs : Math.min(age / 8, pollMsMax);
      await delay(Math.max(0, round + pause - performance.now()));
    }
    if (standstills.between(publishedAt, shownAt)) flagged++;
    else times[begunIn === "calm" ? phase() : begunIn].push(shownAt - publishedAt);
  }

  return {
    wrong,
    watch(id, sequence, publishedAt) {
      if (open.size >= openMax || !random.chance(share)) return;
      const following = follow(id, sequence, publishedAt, phase()).finally(() => open.delete(following));
      open.add(following);
    },
    async settled() {
      await Promise.all(open);
    },
    figures: () => ({ phases: byPhase((each) => spreadOf(times[each])), flagged }),
  };
}

function shows(reply: Reply | undefined, sequence: number): boolean {
  return (reply?.body?.price?.version ?? 0) >= sequence;
}
