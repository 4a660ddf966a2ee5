import { quantile } from "./rig.ts";

/** Buyers who each ask anew as soon as they have their answer. */
export interface Buying {
  readonly buyers: number;
  readonly ms: number;
  /** One unit for the buyer. Whether there was one: there always is. */
  readonly buy: (buyer: number) => Promise<boolean>;
  /** CPU seconds so far of who is asked, as far as it is not this process. */
  readonly serverCpu: () => number;
}

export interface Bought {
  readonly units: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU seconds: of this process, and of whom it asks. */
  readonly ownCpu: number;
  readonly serverCpu: number;
}

/** Resolves when everybody has had his last answer. */
export async function buyFor({ buyers, ms, buy, serverCpu }: Buying): Promise<Bought> {
  const latencies: number[] = [];
  const serverFrom = serverCpu();
  const cpuFrom = process.cpuUsage();
  const from = performance.now();
  const until = from + ms;

  async function keepBuying(buyer: number): Promise<void> {
    for (let asked = performance.now(); asked < until; ) {
      if (!(await buy(buyer))) throw new Error(`there was nothing left for buyer ${buyer}`);
      const answered = performance.now();
      latencies.push(answered - asked);
      asked = answered;
    }
  }
  await Promise.all(Array.from({ length: buyers }, (_, buyer) => keepBuying(buyer)));

  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(cpuFrom);
  return {
    units: latencies.length,
    perSecond: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    ownCpu: (user + system) / 1_000_000,
    serverCpu: serverCpu() - serverFrom,
  };
}
