import type { Log } from "../../streams/log.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { hotPerSubject } from "../../streams/topology.ts";
import { openStreams, startServers, type TestServers } from "../servers.ts";

/** Both adapters of the log, for suites that hold them to the same promises. */
export interface OpenLogs {
  readonly catalog: Log;
  /** Keeps only the newest message of each subject. */
  readonly quarantine: Log;
  /** Keeps the newest `hotPerSubject` messages of each subject. */
  readonly hot: Log;
  /** The server behind them, where there is one. */
  readonly server: TestServers | undefined;
  close(): Promise<void>;
}

export const logAdapters: readonly { readonly adapter: string; readonly open: () => Promise<OpenLogs> }[] = [
  {
    adapter: "memory",
    async open() {
      return {
        catalog: createMemoryLog({ stream: "CATALOG", now: Date.now, epoch: Date.now() }),
        quarantine: createMemoryLog({ stream: "QUARANTINE", now: Date.now, perSubject: 1 }),
        hot: createMemoryLog({ stream: "HOT", now: Date.now, perSubject: hotPerSubject }),
        server: undefined,
        close: async () => {},
      };
    },
  },
  {
    adapter: "JetStream",
    async open() {
      const server = await startServers("nats");
      const { connection, catalog, quarantine } = await openStreams(server.natsUrl);
      return {
        catalog,
        quarantine,
        hot: await openJetStreamLog(connection, "HOT"),
        server,
        async close() {
          await connection.close();
          await server.stop();
        },
      };
    },
  },
];
