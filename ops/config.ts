import { availableParallelism } from "node:os";
import { z } from "zod";
import type { QuoteKey } from "../api/checkout/quote-token.ts";
import type { EdgeLifetimes } from "../api/edge-trust.ts";
import { checkoutSettings } from "./checkout-settings.ts";
import { edgeSettings } from "./edge/settings.ts";
import { type LogLevel, logLevels } from "./logger.ts";
import { parsePurge, purgeSettings } from "./purge/settings.ts";
import {
  addresses,
  bytes,
  ConfigError,
  type Environment,
  httpAddress,
  networks,
  port,
  type Setting,
  valueOf,
  wholeNumber,
} from "./setting.ts";

/**
 * The settings: environment variables, read once at the start. A bad value stops the start (`ConfigError`).
 * A test compares `settings` with the README's table.
 */

export { ConfigError } from "./setting.ts";

const workersMax = 64;

export const settings = {
  port: {
    ...port,
    name: "PORT",
    unset: 8080,
    default: "8080",
    meaning: "Port of the HTTP API; 0 takes any free one",
  } satisfies Setting<number>,
  host: {
    name: "HOST",
    unset: "127.0.0.1",
    default: "127.0.0.1",
    meaning: "Address that the HTTP API listens on",
    allowed: "a host name or an IP address",
    schema: z.stringFormat("host", /^[A-Za-z0-9.:_-]+$/),
  } satisfies Setting<string>,
  natsUrls: {
    name: "NATS_URL",
    unset: undefined,
    default: "an embedded server",
    meaning: "NATS servers of one cluster, separated by commas",
    allowed: "nats://HOST:PORT or tls://HOST:PORT, several separated by commas",
    schema: addresses(["nats", "tls"]),
  } satisfies Setting<readonly string[] | undefined>,
  redisUrl: {
    name: "REDIS_URL",
    unset: undefined,
    default: "an embedded server",
    meaning: "Redis server; a Redis Cluster is not supported yet",
    allowed: "one redis://HOST:PORT or rediss://HOST:PORT",
    schema: addresses(["redis", "rediss"]).refine((urls) => urls.length === 1),
  } satisfies Setting<readonly string[] | undefined>,
  natsPort: {
    ...port,
    name: "NATS_PORT",
    unset: 4222,
    default: "4222",
    meaning: "Port of the embedded nats-server; a free one is taken when it is busy",
  } satisfies Setting<number>,
  redisPort: {
    ...port,
    name: "REDIS_PORT",
    unset: 6379,
    default: "6379",
    meaning: "Port of the embedded redis-server; a free one is taken when it is busy",
  } satisfies Setting<number>,
  redisMemoryBytesMax: {
    name: "REDIS_MAXMEMORY",
    unset: undefined,
    default: "2gb",
    meaning: "Memory that the embedded redis-server may use; the default stands in `ops/redis.conf`",
    allowed: "a size from 16MB on, in bytes or with KB, MB, GB or TB",
    schema: bytes(16 * 2 ** 20),
  } satisfies Setting<number | undefined>,
  dataDir: {
    name: "DATA_DIR",
    unset: ".data",
    default: ".data",
    meaning: "Folder of the embedded servers' data, their logs and `run.json`",
    allowed: "the path of a folder",
    schema: z.string(),
  } satisfies Setting<string>,
  logBytesMax: {
    name: "LOG_MAX_BYTES",
    unset: undefined,
    default: "a share of the free disk",
    meaning: "What all streams of the embedded server together may hold; full, they refuse writes",
    allowed: "a size from 100MB on, in bytes or with KB, MB, GB or TB",
    schema: bytes(100 * 2 ** 20),
  } satisfies Setting<number | undefined>,
  workers: {
    name: "WORKERS",
    unset: Math.min(workersMax, availableParallelism()),
    default: "one per core",
    meaning: "Threads that answer HTTP, on one port",
    allowed: `a whole number from 1 to ${workersMax}`,
    schema: wholeNumber(1, workersMax),
  } satisfies Setting<number>,
  cacheBytesMax: {
    name: "CACHE_BYTES",
    unset: 128 * 2 ** 20,
    default: "128MB",
    meaning: "Memory for the answers that an API process holds ready, in equal shares of its workers",
    allowed: "a size from 1MB on, in bytes or with KB, MB, GB or TB",
    schema: bytes(1_000_000),
  } satisfies Setting<number>,
  replicas: {
    name: "REPLICAS",
    unset: 1,
    default: "1",
    meaning: "Copies of each stream in a NATS cluster",
    allowed: "1, 3 or 5",
    schema: z.enum(["1", "3", "5"]).transform(Number),
  } satisfies Setting<number>,
  jwtSecret: {
    name: "JWT_SECRET",
    unset: undefined,
    default: "the demo's own",
    meaning: "Secret of the HS256 tokens that callers bring; not beside `JWT_JWKS_URL`",
    allowed: "at least 32 bytes",
    schema: z.string().refine((text) => Buffer.byteLength(text) >= 32),
    secret: true,
  } satisfies Setting<string | undefined>,
  jwtKeySetUrl: {
    name: "JWT_JWKS_URL",
    unset: undefined,
    default: "none",
    meaning: "Key set of the issuer of callers' tokens (RS256, ES256, EdDSA and their kin)",
    allowed: "http://HOST/PATH or https://HOST/PATH, without a user name",
    schema: httpAddress,
  } satisfies Setting<string | undefined>,
  jwtIssuer: {
    name: "JWT_ISSUER",
    unset: undefined,
    default: "any",
    meaning: "The `iss` that a token must have",
    allowed: "a text",
    schema: z.string(),
  } satisfies Setting<string | undefined>,
  jwtAudience: {
    name: "JWT_AUDIENCE",
    unset: undefined,
    default: "any",
    meaning: "The `aud` that a token must have, or have among others",
    allowed: "a text",
    schema: z.string(),
  } satisfies Setting<string | undefined>,
  trustedProxies: {
    name: "TRUSTED_PROXIES",
    unset: ["127.0.0.1", "::1"],
    default: "127.0.0.1,::1",
    meaning:
      "Who may say in `X-Forwarded-For` whom a request is from, for what is counted and limited by address",
    allowed: "IP addresses or networks such as 10.0.0.0/8, separated by commas",
    schema: networks,
  } satisfies Setting<readonly string[]>,
  callerReadsPerSecond: {
    name: "CALLER_READS_PER_SECOND",
    unset: 0,
    default: "0",
    meaning:
      "Requests a second, in the whole cluster, above which a user or an address is refused; 0 refuses nobody",
    allowed: "a whole number from 0 to 1000000",
    schema: wholeNumber(0, 1_000_000),
  } satisfies Setting<number>,
  drainMs: {
    name: "DRAIN_MS",
    unset: 1_000,
    default: "1000",
    meaning: "How long `/readyz` answers 503 before the port closes; twice a load balancer's probe interval",
    allowed: "a whole number of milliseconds from 0 to 60000",
    schema: wholeNumber(0, 60_000),
  } satisfies Setting<number>,
  hotProductsMax: {
    name: "HOT_PRODUCTS_MAX",
    unset: 1_000,
    default: "1000",
    meaning: "Products that may be hot at once; of more, the coolest are as any other",
    allowed: "a whole number from 0 to 10000",
    schema: wholeNumber(0, 10_000),
  } satisfies Setting<number>,
  saleWarmSeconds: {
    name: "SALE_WARM_SECONDS",
    unset: 300,
    default: "300",
    meaning: "How long before a sale starts its products are made warm in every node",
    allowed: "a whole number from 0 to 86400",
    schema: wholeNumber(0, 86_400),
  } satisfies Setting<number>,
  ...edgeSettings,
  ...checkoutSettings,
  logLevel: {
    name: "LOG_LEVEL",
    unset: "info",
    default: "info",
    meaning: "Least severe message that is logged, to stderr",
    allowed: `one of ${logLevels.join(", ")}`,
    schema: z.enum(logLevels),
  } satisfies Setting<LogLevel>,
  demo: {
    name: "DEMO",
    unset: true,
    default: "1",
    meaning: "0 leaves the demo catalogue out of an empty log",
    allowed: "0 or 1",
    schema: z.enum(["0", "1"]).transform((text) => text === "1"),
  } satisfies Setting<boolean>,
  ...purgeSettings,
};

export type Config = ReturnType<typeof parseConfig>;

/** Throws `ConfigError` for the first bad value. */
export function parseConfig(environment: Environment) {
  const read = <Value>(setting: Setting<Value>): Value => valueOf(setting, environment);
  const jwtSecret = read<string | undefined>(settings.jwtSecret);
  const jwtKeySetUrl = read<string | undefined>(settings.jwtKeySetUrl);
  if (jwtSecret !== undefined && jwtKeySetUrl !== undefined) {
    throw new ConfigError(`JWT_JWKS_URL=${jwtKeySetUrl}: must be unset where JWT_SECRET is set`);
  }
  return {
    port: read(settings.port),
    // By its name a server would listen twice, on an address of each family.
    host: read(settings.host) === "localhost" ? "127.0.0.1" : read(settings.host),
    natsUrls: read<readonly string[] | undefined>(settings.natsUrls),
    redisUrl: read<readonly string[] | undefined>(settings.redisUrl)?.[0],
    natsPort: read(settings.natsPort),
    redisPort: read(settings.redisPort),
    redisMemoryBytesMax: read<number | undefined>(settings.redisMemoryBytesMax),
    dataDir: read(settings.dataDir),
    logBytesMax: read<number | undefined>(settings.logBytesMax),
    workers: read(settings.workers),
    cacheBytesMax: read(settings.cacheBytesMax),
    replicas: read(settings.replicas),
    jwtSecret,
    jwtKeySetUrl,
    jwtIssuer: read<string | undefined>(settings.jwtIssuer),
    jwtAudience: read<string | undefined>(settings.jwtAudience),
    trustedProxies: read<readonly string[]>(settings.trustedProxies),
    callerReadsPerSecond: read(settings.callerReadsPerSecond),
    drainMs: read(settings.drainMs),
    hotProductsMax: read(settings.hotProductsMax),
    saleWarmMs: 1_000 * read(settings.saleWarmSeconds),
    quoteKeys: read<readonly QuoteKey[] | undefined>(settings.quoteKeys),
    checkoutTerms: {
      holdMs: 1_000 * read(settings.holdSeconds),
      openMax: read(settings.openReservationsMax),
      openInSaleMax: read(settings.openSaleReservationsMax),
      perMinuteMax: read(settings.reservationsPerMinuteMax),
    },
    edgeOrigins: read<readonly string[] | undefined>(settings.edgeOrigins),
    edgeHost: read(settings.edgeHost),
    edgePort: read(settings.edgePort),
    edgePurgers: read<readonly string[]>(settings.edgePurgers),
    edgeCacheBytesMax: read(settings.edgeCacheBytesMax),
    logLevel: read<LogLevel>(settings.logLevel),
    demo: read(settings.demo),
    edgeLifetimes: read<EdgeLifetimes>(settings.edgeLifetimes),
    purge: parsePurge(environment),
  } as const;
}
