import { setTimeout as delay } from "node:timers/promises";
import { type Connection, openConnection, type Reply, type Target } from "./connection.ts";

/**
 * Clients who ask when they want to, not when the one before was answered (an open loop): the time of a request runs
 * from the moment at which it was due, so a server that makes them wait cannot hide it, nor can this thread where it is
 * late itself. Each request has a connection for itself while it lasts; where all are in use, it is not sent. All
 * connections are open before the first request, and are used in turn; one that ends is opened anew.
 */
export interface Told<Ask> {
  readonly ask: Ask;
  /** When it was due, in milliseconds since the load began. */
  readonly at: number;
  /** From then to the answer's last byte. */
  readonly tookMs: number;
  /** How long after it was due it was sent: what of the time above is this thread's own. */
  readonly lateMs: number;
  /** 0: no answer, or not sent. */
  readonly status: number;
  /** `memory`, `redis`, `log`, `stale` or `default`; empty without an answer. */
  readonly tier: string;
  /** False: no connection was free. */
  readonly sent: boolean;
  /** The node closed the connection under it, and it was sent again. */
  readonly retried: boolean;
}

export interface OpenLoadOptions<Ask extends { readonly path: string }> {
  readonly targets: readonly Target[];
  /** Addresses to come from, in turn; none: the system's choice. */
  readonly sources: readonly string[];
  readonly connections: number;
  /** Requests a second, above 0, at a moment in milliseconds since the load began. */
  readonly rate: (at: number) => number;
  readonly ms: number;
  /** What is asked at that moment. */
  readonly next: (at: number) => Ask;
  /** How long the last ones may take; what has no answer then is told as such. */
  readonly settleMs: number;
  /** Called when the connections are open; the load begins when it resolves. */
  readonly untilBegin?: () => Promise<void>;
  readonly stop?: AbortSignal;
  readonly onTold: (told: Told<Ask>) => void;
}

/** Connections opened at once: fewer than the system lets wait to be accepted. */
const openingMax = 100;
/** Between two looks at what is due. */
const tickMs = 1;
/**
 * A node closes those that were opened together and never used at once. Who meets one of them asks again when the others
 * have been heard of.
 */
const againMs = 10;
const retriesMax = 5;
const reopenMs = 50;
const reopenMsMax = 1_000;
/** Then they are cut off the list. */
const takenMax = 4_096;

/** Rejects where a connection cannot be opened before the load begins; later that costs requests and nothing else. */
export async function openLoad<Ask extends { readonly path: string }>(
  options: OpenLoadOptions<Ask>,
): Promise<void> {
  const { rate, ms, next, settleMs, stop, onTold } = options;
  const pool = createPool(options);
  try {
    await pool.open();
    await options.untilBegin?.();
    const from = performance.now();
    const elapsed = () => performance.now() - from;
    const underWay = new Set<() => void>();

    function send(ask: Ask, at: number, retries: number): void {
      const connection = pool.take();
      const retried = retries > 0;
      const nothing = { ask, at, status: 0, tier: "", retried };
      if (connection === undefined) {
        onTold({ ...nothing, tookMs: elapsed() - at, lateMs: elapsed() - at, sent: false });
        return;
      }
      const lateMs = elapsed() - at;
      const giveUp = () => onTold({ ...nothing, tookMs: elapsed() - at, lateMs, sent: true });
      underWay.add(giveUp);
      connection.ask(ask.path, (reply) => {
        if (!underWay.delete(giveUp)) return;
        if (reply.outcome === "answered") {
          const { status, tier } = reply;
          onTold({ ask, at, tookMs: elapsed() - at, lateMs, status, tier, sent: true, retried });
        } else if (reply.untouched && retries < retriesMax) {
          underWay.add(giveUp);
          setTimeout(() => {
            if (underWay.delete(giveUp)) send(ask, at, retries + 1);
          }, againMs);
        } else giveUp();
        pool.giveBack(connection, reply);
      });
    }

    for (let due = 0; due < ms && stop?.aborted !== true; await delay(tickMs)) {
      for (const until = Math.min(elapsed(), ms); due < until; due += 1_000 / rate(due))
        send(next(due), due, 0);
    }
    while (underWay.size > 0 && elapsed() < ms + settleMs && stop?.aborted !== true) await delay(tickMs);
    for (const giveUp of underWay) giveUp();
    underWay.clear();
  } finally {
    pool.close();
  }
}

/** The connections, of which the one that has been free for longest is taken next. */
function createPool({ targets, sources, connections }: Pooled) {
  const all = new Set<Connection>();
  const free: Connection[] = [];
  /** Those before it in `free` were taken. */
  let taken = 0;
  let closed = false;

  async function add(number: number): Promise<void> {
    const target = targets[number % targets.length];
    if (target === undefined) throw new RangeError("there is nobody to ask");
    // Every target is asked from every source.
    const source = sources[Math.floor(number / targets.length) % sources.length];
    let connection: Connection | undefined;
    connection = await openConnection(target, source, () => {
      if (connection !== undefined && all.delete(connection)) void reopen(number);
    });
    all.add(connection);
    free.push(connection);
    if (closed) connection.destroy();
  }

  async function reopen(number: number): Promise<void> {
    let isOpen = false;
    for (let pauseMs = reopenMs; !closed && !isOpen; pauseMs = Math.min(2 * pauseMs, reopenMsMax)) {
      await delay(pauseMs);
      isOpen =
        closed ||
        (await add(number).then(
          () => true,
          () => false,
        ));
    }
  }

  return {
    async open() {
      for (let number = 0; number < connections; number += openingMax) {
        const count = Math.min(openingMax, connections - number);
        await Promise.all(Array.from({ length: count }, (_, at) => add(number + at)));
      }
    },
    take(): Connection | undefined {
      for (;;) {
        const connection = free[taken];
        if (connection === undefined) return undefined;
        taken++;
        if (taken === takenMax) {
          free.splice(0, taken);
          taken = 0;
        }
        if (all.has(connection)) return connection;
      }
    },
    giveBack(connection: Connection, reply: Reply) {
      if (reply.outcome === "ended") return;
      if (reply.last) connection.destroy();
      else free.push(connection);
    },
    close() {
      closed = true;
      for (const connection of all) connection.destroy();
    },
  };
}

type Pooled = Pick<OpenLoadOptions<{ readonly path: string }>, "targets" | "sources" | "connections">;
