import { connect, type NatsConnection } from "nats";

/**
 * A connection that notices a dead link within ten seconds and never gives up on its own.
 *
 * The client's defaults would notice a half-open link after minutes and close for good after ten attempts.
 * `onState` hears of every loss and return, for logs and counters.
 */
export interface ConnectionSettings {
  readonly servers: readonly string[];
  /** Shown by the server's own monitoring. */
  readonly name: string;
  readonly onState?: (state: "disconnected" | "connected", server: string) => void;
}

export async function connectNats(settings: ConnectionSettings): Promise<NatsConnection> {
  const connection = await connect({
    servers: [...settings.servers],
    name: settings.name,
    pingInterval: 5_000,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    timeout: 5_000,
    // A stack trace for every request, made in case it fails, costs a third of a publish.
    noAsyncTraces: true,
  });
  void watch(connection, settings.onState ?? (() => {}));
  return connection;
}

async function watch(
  connection: NatsConnection,
  onState: NonNullable<ConnectionSettings["onState"]>,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "disconnect") onState("disconnected", status.server);
    if (status.type === "reconnect") onState("connected", status.server);
  }
}
