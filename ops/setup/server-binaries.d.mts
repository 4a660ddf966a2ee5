export type ServerName = "nats-server" | "redis-server" | "varnishd" | "postgres";

export function overrideOf(
  name: ServerName,
): "NATS_SERVER_BIN" | "REDIS_SERVER_BIN" | "VARNISHD_BIN" | "POSTGRES_BIN";

export function findServer(
  name: ServerName,
  env?: Readonly<Record<string, string | undefined>>,
): string | undefined;
