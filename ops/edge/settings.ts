import { isIP } from "node:net";
import { z } from "zod";
import { addresses, bytes, networks, port, type Setting } from "../setting.ts";

/** The settings of the edge that `npm run edge` starts. */
export const edgeSettings = {
  edgeOrigins: {
    name: "EDGE_ORIGIN",
    unset: undefined,
    default: "what `DATA_DIR/run.json` names",
    meaning: "API nodes that `npm run edge` stands in front of, without TLS",
    allowed: "http://HOST:PORT, several separated by commas",
    schema: addresses(["http"]),
  } satisfies Setting<readonly string[] | undefined>,
  edgeHost: {
    name: "EDGE_HOST",
    unset: "127.0.0.1",
    default: "127.0.0.1",
    meaning: "Address that the edge listens on; on 127.0.0.1 it always does",
    allowed: "an IP address",
    schema: z.string().refine((text) => isIP(text) !== 0),
  } satisfies Setting<string>,
  edgePort: {
    ...port,
    name: "EDGE_PORT",
    unset: 8081,
    default: "8081",
    meaning: "Port of the edge; 0 takes any free one",
  } satisfies Setting<number>,
  edgePurgers: {
    name: "EDGE_PURGERS",
    unset: ["127.0.0.1", "::1"],
    default: "127.0.0.1,::1",
    meaning: "Who may purge the edge; behind a proxy on the same machine everybody is 127.0.0.1",
    allowed: "IP addresses or networks such as 10.0.0.0/8, separated by commas",
    schema: networks,
  } satisfies Setting<readonly string[]>,
  edgeCacheBytesMax: {
    name: "EDGE_CACHE_BYTES",
    unset: 256 * 2 ** 20,
    default: "256MB",
    meaning: "Memory for what the edge keeps",
    allowed: "a size from 1MB on, in bytes or with KB, MB, GB or TB",
    schema: bytes(1_000_000),
  } satisfies Setting<number>,
} as const;
