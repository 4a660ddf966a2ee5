import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nobody } from "../../api/identity/identity.ts";
import { type Catalogue, openCatalogue } from "../../ops/catalogue.ts";
import { startEdge } from "../../ops/edge/edge.ts";
import { startEmbedded } from "../../ops/embedded/embedded.ts";
import { createLogger } from "../../ops/logger.ts";
import { createVarnish } from "../../ops/purge/varnish.ts";
import { startApi } from "../../ops/roles/api.ts";
import { apiRedisTimeoutMs } from "../../ops/roles/tiers.ts";
import { startProjectors } from "../../ops/roles/projectors.ts";
import { startPurges } from "../../ops/roles/purges.ts";
import { type EventKind, publicSubject } from "../../streams/subjects.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { startLink } from "../chaos/link.ts";
import { type ChannelCut, createChannelCut } from "../outages/channel-cut.ts";
import { id } from "../streams/id.ts";
import { openPurgeDoor, type PurgeDoor } from "./purge-door.ts";

/**
 * All that an auditor looks at, on real servers of the test's own: a projector, two nodes, Varnish in front of them and
 * the actor that purges it; and a place in each way where one message can be lost.
 */
export interface AuditedSystem {
  readonly catalogue: Catalogue;
  /** The second one hears the changes through `cut`. */
  readonly nodes: readonly [string, string];
  readonly edge: string;
  readonly cut: ChannelCut;
  readonly purges: PurgeDoor;
  /** The projector never sees the next event on this subject. */
  skip(kind: EventKind, product: string): void;
  publish(kind: EventKind, name: string, payload: object): Promise<number>;
  stop(): Promise<void>;
}

export async function startAuditedSystem(): Promise<AuditedSystem> {
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-audit-"));
  const logger = createLogger("silent");
  const closers: (() => Promise<unknown>)[] = [() => rm(dataDir, { recursive: true, force: true })];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  const opened = <T extends object>(one: T, close: () => Promise<unknown>): T => {
    closers.push(close);
    return one;
  };
  try {
    const embedded = await startEmbedded({ dataDir, logger, nats: { port: 0 }, redis: { port: 0 } });
    closers.push(embedded.stop);
    const { natsUrl = "", redisUrl = "" } = embedded;
    const cut = createChannelCut();
    const link = await startLink(Number(new URL(natsUrl).port), cut.meddling);
    closers.push(link.close);
    const open = async (url: string, role: string, redisTimeoutMs: number) => {
      const servers = { natsUrls: [url], redisUrl, logBytesMax: 2 ** 30 };
      const catalogue = await openCatalogue({ servers, role, replicas: 1, logger, redisTimeoutMs });
      return opened(catalogue, catalogue.close);
    };
    const startNode = async (url: string) => {
      const api = await startApi(await open(url, "api", apiRedisTimeoutMs), {
        host: "127.0.0.1",
        port: 0,
        drainMs: 0,
        identity: nobody,
        cacheBytesMax: 16_000_000,
        logger,
      });
      return opened(api, api.stop);
    };

    const catalogue = await open(natsUrl, "projector", 5_000);
    const skipped = new Map<string, number>();
    const projectors = startProjectors(
      { ...catalogue, catalog: without(catalogue.catalog, skipped) },
      logger,
    );
    closers.push(projectors.stop);
    const first = await startNode(natsUrl);
    const second = await startNode(`nats://127.0.0.1:${link.port}`);
    await Promise.all([first.untilReady(), second.untilReady()]);
    const edge = await startEdge({
      urls: [first.url],
      purgers: ["127.0.0.1"],
      probePath: "/readyz",
      dataDir: join(dataDir, "edge"),
      host: "127.0.0.1",
      port: 0,
      cacheBytesMax: 64 * 2 ** 20,
      logger,
    });
    closers.push(edge.stop);
    const purges = await openPurgeDoor();
    closers.push(purges.close);
    purges.leadTo(edge.url);
    const purging = startPurges(catalogue, [createVarnish(purges.url)], logger);
    closers.push(purging.stop);
    return {
      catalogue,
      nodes: [first.url, second.url],
      edge: edge.url,
      cut,
      purges,
      skip: (kind, product) => void skipped.set(`${kind}.${product}`, 0),
      async publish(kind, name, payload) {
        const subject = publicSubject(kind, id(name));
        const appended = await catalogue.catalog.append(subject, Buffer.from(JSON.stringify(payload)));
        if (appended.outcome !== "stored") throw new Error("the append met a conflict");
        return appended.sequence;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The log as a reader sees it who never gets one message of each of these subjects, however often he asks. */
function without(log: Log, skipped: Map<string, number>): Log {
  const isLost = ({ subject, sequence }: StoredMessage) => {
    const name = subject.split(".").slice(3).join(".");
    if (skipped.get(name) === 0) skipped.set(name, sequence);
    return skipped.get(name) === sequence;
  };
  return {
    ...log,
    tail(options) {
      const tail = log.tail(options);
      return {
        ...tail,
        async take(max, waitMs) {
          const { messages, pending } = await tail.take(max, waitMs);
          return { messages: messages.filter((message) => !isLost(message)), pending };
        },
      };
    },
  };
}
