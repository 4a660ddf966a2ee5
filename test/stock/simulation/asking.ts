import type { Random } from "../../../ops/demo/random.ts";
import type { AnswerHandler, Asking } from "../../../streams/asking.ts";
import { LogUnavailable } from "../../../streams/log.ts";
import type { Clock } from "../../simulation/clock.ts";
import type { Life, Network } from "../../simulation/network.ts";

/** Question and answer between simulated processes: each may be lost, come late, or come twice. */
export interface SimulatedAsking {
  of(life: Life): Asking;
  heal(): void;
}

/** Sees what a process is asked; what it gives sees the answer. */
export type Overhear = (life: Life, question: Uint8Array) => (answer: Uint8Array | undefined) => void;

const lateMs = 4_000;

export function createSimulatedAsking(options: {
  readonly clock: Clock;
  readonly network: Network;
  readonly noise: Random;
  readonly troubleShare: number;
  readonly overhear: Overhear;
}): SimulatedAsking {
  const { clock, network, noise, overhear } = options;
  const listening = new Map<string, Set<{ readonly life: Life; readonly handle: AnswerHandler }>>();
  let { troubleShare } = options;

  /** When it arrives, and again where it comes twice; never where it is lost. */
  function arrivals(): readonly number[] {
    const arrival = () => clock.now() + network.latency();
    if (!noise.chance(troubleShare)) return [arrival()];
    const trouble = noise.pick(["lost", "late", "twice"] as const);
    if (trouble === "lost") return [];
    const late = arrival() + noise.between(1, lateMs);
    return trouble === "late" ? [late] : [arrival(), late];
  }

  async function put(
    { life, handle }: { readonly life: Life; readonly handle: AnswerHandler },
    bytes: Uint8Array,
    hear: (answer: Uint8Array) => void,
  ): Promise<void> {
    const answered = overhear(life, bytes);
    const answer = await handle(bytes);
    answered(answer);
    if (answer === undefined) return;
    for (const moment of arrivals()) clock.at(moment, () => hear(answer));
  }

  return {
    of: (life) => ({
      ask(topic, bytes, deadlineMs) {
        const heard = [...(listening.get(topic) ?? [])].filter((each) => each.life.alive);
        return new Promise((resolve, reject) => {
          const deadline = heard.length === 0 ? network.latency() : deadlineMs;
          network.later(life, clock.now() + deadline, () => reject(new LogUnavailable("no answer")));
          const hear = (answer: Uint8Array) => network.later(life, clock.now(), () => resolve(answer));
          for (const each of heard) {
            for (const moment of arrivals())
              network.later(each.life, moment, () => void put(each, bytes, hear));
          }
        });
      },
      answer(topic, handle) {
        const one = { life, handle };
        const all = listening.get(topic) ?? new Set();
        listening.set(topic, all.add(one));
        return { close: () => void all.delete(one) };
      },
    }),
    heal() {
      troubleShare = 0;
    },
  };
}
