import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { quoteKeysOf } from "../../ops/checkout-settings.ts";
import { ConfigError, parseConfig, settings } from "../../ops/config.ts";

test("nothing set gives the defaults", () => {
  expect(parseConfig({})).toEqual({
    port: 8080,
    host: "127.0.0.1",
    natsUrls: undefined,
    redisUrl: undefined,
    natsPort: 4222,
    redisPort: 6379,
    redisMemoryBytesMax: undefined,
    dataDir: ".data",
    logBytesMax: undefined,
    workers: Math.min(64, availableParallelism()),
    cacheBytesMax: 128 * 2 ** 20,
    replicas: 1,
    jwtSecret: undefined,
    jwtKeySetUrl: undefined,
    jwtIssuer: undefined,
    jwtAudience: undefined,
    trustedProxies: ["127.0.0.1", "::1"],
    callerReadsPerSecond: 0,
    hotProductsMax: 1_000,
    saleWarmMs: 300_000,
    checkoutTerms: { holdMs: 600_000, openMax: 50, openInSaleMax: 5, perMinuteMax: 120 },
    drainMs: 1_000,
    edgeOrigins: undefined,
    edgeHost: "127.0.0.1",
    edgePort: 8081,
    edgePurgers: ["127.0.0.1", "::1"],
    edgeCacheBytesMax: 256 * 2 ** 20,
    logLevel: "info",
    demo: true,
    edgeLifetimes: "auto",
    purge: {},
  });
});

test("an empty variable counts as unset", () => {
  const empty = Object.fromEntries(Object.values(settings).map(({ name }) => [name, " "]));
  expect(parseConfig(empty)).toEqual(parseConfig({}));
});

test("every setting is read from its variable", () => {
  const config = parseConfig({
    PORT: "0",
    HOST: "::1",
    NATS_URL: "nats://a:4222, tls://b:4222",
    REDIS_URL: "rediss://user:secret@c:6380/2",
    NATS_PORT: "14222",
    REDIS_PORT: "16379",
    REDIS_MAXMEMORY: "512mb",
    DATA_DIR: "/srv/shelfwire",
    LOG_MAX_BYTES: "20GB",
    REPLICAS: "3",
    JWT_JWKS_URL: "https://id.example/keys",
    JWT_ISSUER: "https://id.example",
    JWT_AUDIENCE: "shop",
    TRUSTED_PROXIES: "10.0.0.0/8, 2001:db8::7",
    CALLER_READS_PER_SECOND: "50",
    HOT_PRODUCTS_MAX: "20",
    SALE_WARM_SECONDS: "7",
    HOLD_SECONDS: "90",
    OPEN_RESERVATIONS_MAX: "9",
    OPEN_SALE_RESERVATIONS_MAX: "3",
    RESERVATIONS_PER_MINUTE_MAX: "40",
    DRAIN_MS: "20000",
    EDGE_ORIGIN: "http://a:8080, http://b:8080",
    EDGE_HOST: "0.0.0.0",
    EDGE_PORT: "80",
    EDGE_PURGERS: "10.0.0.0/8, 2001:db8::7",
    EDGE_CACHE_BYTES: "2GB",
    LOG_LEVEL: "debug",
    WORKERS: "3",
    CACHE_BYTES: "64MB",
    DEMO: "0",
    EDGE_LIFETIMES: "short",
    PURGE_VARNISH: "http://v1:6081, http://v2:6081",
    PURGE_FASTLY_SERVICE: "SU1Z0isxPaozGVKXdv0eY",
    FASTLY_API_TOKEN: "fastly-token",
    PURGE_FASTLY_SOFT: "1",
    PURGE_CLOUDFLARE_ZONE: "023e105f4ecef8ad9ca31a8372d0c353",
    CLOUDFLARE_API_TOKEN: "cloudflare-token",
    CLOUDFLARE_PLAN: "enterprise",
    PURGE_CLOUDFRONT_DISTRIBUTION: "EDFDVBD6EXAMPLE",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "aws-secret",
    AWS_SESSION_TOKEN: "aws-session",
  });
  expect(config).toEqual({
    port: 0,
    host: "::1",
    natsUrls: ["nats://a:4222", "tls://b:4222"],
    redisUrl: "rediss://user:secret@c:6380/2",
    natsPort: 14_222,
    redisPort: 16_379,
    redisMemoryBytesMax: 512 * 2 ** 20,
    dataDir: "/srv/shelfwire",
    logBytesMax: 20 * 2 ** 30,
    workers: 3,
    cacheBytesMax: 64 * 2 ** 20,
    replicas: 3,
    jwtSecret: undefined,
    jwtKeySetUrl: "https://id.example/keys",
    jwtIssuer: "https://id.example",
    jwtAudience: "shop",
    trustedProxies: ["10.0.0.0/8", "2001:db8::7"],
    callerReadsPerSecond: 50,
    hotProductsMax: 20,
    saleWarmMs: 7_000,
    checkoutTerms: { holdMs: 90_000, openMax: 9, openInSaleMax: 3, perMinuteMax: 40 },
    drainMs: 20_000,
    edgeOrigins: ["http://a:8080", "http://b:8080"],
    edgeHost: "0.0.0.0",
    edgePort: 80,
    edgePurgers: ["10.0.0.0/8", "2001:db8::7"],
    edgeCacheBytesMax: 2 * 2 ** 30,
    logLevel: "debug",
    demo: false,
    edgeLifetimes: "short",
    purge: {
      varnish: ["http://v1:6081", "http://v2:6081"],
      fastly: { service: "SU1Z0isxPaozGVKXdv0eY", token: "fastly-token", soft: true },
      cloudflare: {
        zone: "023e105f4ecef8ad9ca31a8372d0c353",
        token: "cloudflare-token",
        plan: "enterprise",
      },
      cloudfront: {
        distribution: "EDFDVBD6EXAMPLE",
        accessKeyId: "AKIDEXAMPLE",
        secretAccessKey: "aws-secret",
        sessionToken: "aws-session",
      },
    },
  });
});

test.each([
  ["1000000000", 1e9],
  ["1000000000 B", 1e9],
  ["1g", 1e9],
  ["1 GB", 2 ** 30],
  ["1t", 1e12],
])("a size of %s is %d bytes", (text, bytes) => {
  expect(parseConfig({ LOG_MAX_BYTES: text }).logBytesMax).toBe(bytes);
});

const purgers = "must be IP addresses or networks such as 10.0.0.0/8, separated by commas";
const port = "must be a whole number from 0 to 65535";
const address = "must be http://HOST/PATH or https://HOST/PATH, without a user name";
const size = "in bytes or with KB, MB, GB or TB";

test.each([
  ["PORT", "abc", port],
  ["PORT", "65536", port],
  ["PORT", "-1", port],
  ["PORT", "80.5", port],
  ["PORT", "0x50", port],
  ["NATS_PORT", "1e3", port],
  ["REDIS_PORT", "6379/", port],
  ["HOST", "local host", "must be a host name or an IP address"],
  ["NATS_URL", "localhost", "must be nats://HOST:PORT or tls://HOST:PORT, several separated by commas"],
  ["NATS_URL", "nats://a:4222,", "must be nats://HOST:PORT or tls://HOST:PORT, several separated by commas"],
  ["NATS_URL", "nats://a:99999", "must be nats://HOST:PORT or tls://HOST:PORT, several separated by commas"],
  ["REDIS_URL", "http://a", "must be one redis://HOST:PORT or rediss://HOST:PORT"],
  ["REDIS_MAXMEMORY", "1mb", `must be a size from 16MB on, ${size}`],
  ["REDIS_MAXMEMORY", "lots", `must be a size from 16MB on, ${size}`],
  ["LOG_MAX_BYTES", "20XB", `must be a size from 100MB on, ${size}`],
  ["LOG_MAX_BYTES", "1", `must be a size from 100MB on, ${size}`],
  ["LOG_MAX_BYTES", "999999999TB", `must be a size from 100MB on, ${size}`],
  ["REPLICAS", "2", "must be 1, 3 or 5"],
  ["WORKERS", "0", "must be a whole number from 1 to 64"],
  ["WORKERS", "65", "must be a whole number from 1 to 64"],
  ["WORKERS", "all", "must be a whole number from 1 to 64"],
  ["JWT_JWKS_URL", "id.example/keys", address],
  ["JWT_JWKS_URL", "file:///etc/keys", address],
  ["DRAIN_MS", "1s", "must be a whole number of milliseconds from 0 to 60000"],
  ["LOG_LEVEL", "loud", "must be one of fatal, error, warn, info, debug, trace, silent"],
  ["DEMO", "yes", "must be 0 or 1"],
  ["EDGE_LIFETIMES", "off", "must be one of auto, long, short"],
  ["PURGE_VARNISH", "varnish:6081", "must be http://HOST:PORT, several separated by commas"],
  ["PURGE_VARNISH", "http://v1:6081/cache", "must be http://HOST:PORT, several separated by commas"],
  [
    "PURGE_VARNISH",
    "http://v1:6081, http://v2:6081?a",
    "must be http://HOST:PORT, several separated by commas",
  ],
  ["PURGE_FASTLY_SERVICE", "my service", "must be the identifier of a service"],
  ["PURGE_FASTLY_SERVICE", "abc", "needs FASTLY_API_TOKEN as well"],
  ["PURGE_FASTLY_SOFT", "yes", "must be 0 or 1"],
  ["PURGE_CLOUDFLARE_ZONE", "a/b", "must be the identifier of a zone"],
  ["PURGE_CLOUDFLARE_ZONE", "abc", "needs CLOUDFLARE_API_TOKEN as well"],
  ["CLOUDFLARE_PLAN", "gold", "must be one of free, pro, business, enterprise"],
  ["PURGE_CLOUDFRONT_DISTRIBUTION", "E 1", "must be the identifier of a distribution"],
  ["PURGE_CLOUDFRONT_DISTRIBUTION", "E1", "needs AWS_ACCESS_KEY_ID as well"],
  ["EDGE_ORIGIN", "https://a", "must be http://HOST:PORT, several separated by commas"],
  ["EDGE_HOST", "edge.example", "must be an IP address"],
  ["TRUSTED_PROXIES", "10.0.0.0/33", purgers],
  ["TRUSTED_PROXIES", "localhost", purgers],
  ["CALLER_READS_PER_SECOND", "0.5", "must be a whole number from 0 to 1000000"],
  ["HOT_PRODUCTS_MAX", "10001", "must be a whole number from 0 to 10000"],
  ["SALE_WARM_SECONDS", "-1", "must be a whole number from 0 to 86400"],
  ["HOLD_SECONDS", "15", "must be a whole number from 16 to 86400"],
  ["OPEN_RESERVATIONS_MAX", "0", "must be a whole number from 1 to 500"],
  ["OPEN_SALE_RESERVATIONS_MAX", "501", "must be a whole number from 1 to 500"],
  ["RESERVATIONS_PER_MINUTE_MAX", "many", "must be a whole number from 1 to 500"],
  ["EDGE_PURGERS", "10.0.0.0/33", purgers],
  ["EDGE_PURGERS", '10.0.0.1"; "0.0.0.0"/0', purgers],
])("%s=%s stops the start with one line", (name, value, allowed) => {
  const parse = () => parseConfig({ [name]: value });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(`${name}=${value}: ${allowed}`);
});

test("a secret has 32 bytes or more, and a refused one is not shown", () => {
  expect(parseConfig({ JWT_SECRET: "x".repeat(32) }).jwtSecret).toBe("x".repeat(32));
  expect(parseConfig({ JWT_SECRET: "é".repeat(16) }).jwtSecret).toBe("é".repeat(16));
  expect(() => parseConfig({ JWT_SECRET: "x".repeat(31) })).toThrow(
    /^JWT_SECRET=\(31 bytes\): must be at least 32 bytes$/,
  );
});

test("a token that is none stops the start without being shown", () => {
  const fastly = { PURGE_FASTLY_SERVICE: "abc", FASTLY_API_TOKEN: "two words" };
  expect(() => parseConfig(fastly)).toThrow(
    /^FASTLY_API_TOKEN=\(9 bytes\): must be printable text without spaces$/,
  );
});

test.each([
  ["JWT_JWKS_URL", "https://user:secret@id.example/keys", "https://(credentials)@id.example/keys"],
  ["PURGE_VARNISH", "http://v1,http://u:secret@v2", "http://v1,http://(credentials)@v2"],
  ["PURGE_VARNISH", "http://u:se@cret@v1:6081", "http://(credentials)@v1:6081"],
])("credentials in %s stop the start without being shown", (name, value, shown) => {
  expect(() => parseConfig({ [name]: value })).toThrow(`${name}=${shown}: must be http://`);
});

test("a cache that is named twice is one", () => {
  const { purge } = parseConfig({ PURGE_VARNISH: "http://v1:80, http://v2,http://v1/" });
  expect(purge.varnish?.map((address) => new URL(address).origin)).toEqual(["http://v1", "http://v2"]);
});

test.each([
  ["no name", "x".repeat(40)],
  ["a secret that is too short", `k1:${"x".repeat(31)}`],
  ["a name that two have", `k1:${"x".repeat(32)},k1:${"y".repeat(32)}`],
  ["nothing behind a comma", `k1:${"x".repeat(32)},`],
])("keys for quotes with %s stop the start without being shown", (_, keys) => {
  expect(() => parseConfig({ QUOTE_KEYS: keys })).toThrow(
    /^QUOTE_KEYS=\(\d+ bytes\): must be NAME:SECRET, several separated by commas; /,
  );
});

test("quotes are signed with the first key, or with one made of the secret that all API processes have", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-keys-"));
  const keysFor = (environment: NodeJS.ProcessEnv) =>
    quoteKeysOf(parseConfig({ DATA_DIR: dataDir, ...environment }));
  const secret = "x".repeat(32);
  const own = keysFor({ QUOTE_KEYS: `new:${secret},old:${"y".repeat(32)}`, JWT_SECRET: secret });
  expect(own?.map(({ kid }) => kid)).toEqual(["new", "old"]);
  const made = keysFor({ JWT_SECRET: secret });
  expect(keysFor({ JWT_SECRET: secret, DEMO: "0" })).toEqual(made);
  expect(keysFor({ JWT_SECRET: "y".repeat(32) })).not.toEqual(made);
  expect(made?.[0].secret).not.toEqual(Uint8Array.from(Buffer.from(secret)));
  expect(keysFor({})).toBeDefined();
  expect(keysFor({ DEMO: "0" })).toBeUndefined();
  expect(keysFor({ JWT_JWKS_URL: "https://id.example/keys" })).toBeUndefined();
  rmSync(dataDir, { recursive: true });
});

test("tokens have one source", () => {
  const both = { JWT_SECRET: "x".repeat(32), JWT_JWKS_URL: "https://id.example/keys" };
  expect(() => parseConfig(both)).toThrow(ConfigError);
});

test("the default of REDIS_MAXMEMORY is the one of redis.conf", () => {
  const conf = readFileSync(new URL("../../ops/redis.conf", import.meta.url), "utf8");
  expect(/^maxmemory (\S+)$/m.exec(conf)?.[1]).toBe(settings.redisMemoryBytesMax.default);
});

test("the README's table says of each setting what the setting says", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const rows = new Map(
    readme
      .matchAll(/^\| `([A-Z_0-9]+)` \| (.*?) \| (.*) \|$/gm)
      .map(([, name = "", unset = "", meaning = ""]) => [name, [unset.replaceAll("`", ""), meaning]]),
  );
  for (const { name, default: unset, meaning, allowed } of Object.values(settings)) {
    const [told, text = ""] = rows.get(name) ?? [];
    // It may say more.
    expect([name, told, text.slice(0, `${meaning}: ${allowed}`.length)]).toEqual([
      name,
      unset.replaceAll("`", ""),
      `${meaning}: ${allowed}`,
    ]);
  }
  expect(rows.size).toBe(Object.keys(settings).length);
});
