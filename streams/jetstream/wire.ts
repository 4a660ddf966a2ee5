import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createWireParser, type Frame } from "./wire-parser.ts";

/**
 * A connection that does one thing, as fast as it goes: it takes the deliveries of one subscription. A tail
 * has one of its own beside the client's, so that a replay is neither slowed by what the client makes of
 * each message nor holds up the client's other answers.
 *
 * It does not mend itself: `lost` is called once, and its owner opens another.
 */
export interface Wire {
  publish(subject: string, reply: string, body: string): void;
  /** Bytes of the protocol as they are: whole messages. */
  write(bytes: Uint8Array): void;
  close(): void;
}

export interface WireOptions {
  /** `host:port`. */
  readonly server: string;
  readonly name: string;
  /** Deliveries to subjects that match this are handed to `message`. */
  readonly subject: string;
  readonly message: (frame: Frame) => void;
  readonly lost: (reason: Error) => void;
  readonly timeoutMs: number;
}

interface ServerInfo {
  readonly tls_required?: boolean;
}

/** Resolves when the server has taken the subscription. */
export async function openWire(options: WireOptions): Promise<Wire> {
  const { host, port } = addressOf(options.server);
  let socket: Socket = connectSocket({ host, port, noDelay: true });
  let open = false;
  const ready = Promise.withResolvers<void>();

  function fail(reason: Error): void {
    socket.destroy();
    if (!open) ready.reject(reason);
    else options.lost(reason);
    open = false;
  }

  const parse = createWireParser({
    message: options.message,
    line(text) {
      if (text === "PING") socket.write("PONG\r\n");
      else if (text === "PONG") {
        open = true;
        ready.resolve();
      } else if (text.startsWith("-ERR")) fail(new Error(`nats-server said ${text}`));
      else if (text.startsWith("INFO ")) greet(JSON.parse(text.slice(5)) as ServerInfo);
    },
  });

  function listen(): void {
    socket.on("data", (chunk: Buffer) => {
      try {
        parse(chunk);
      } catch (error) {
        fail(error as Error);
      }
    });
    socket.once("error", fail);
    socket.once("close", () => fail(new Error(`nats-server at ${options.server} closed the connection`)));
  }

  let greeted = false;
  function greet({ tls_required }: ServerInfo): void {
    if (greeted) return;
    greeted = true;
    if (tls_required === true) {
      socket.removeAllListeners();
      socket = connectTls({ socket, servername: host });
      listen();
    }
    const settings = {
      verbose: false,
      pedantic: false,
      headers: true,
      no_responders: true,
      protocol: 1,
      lang: "shelfwire",
      version: "1",
      name: options.name,
    };
    socket.write(`CONNECT ${JSON.stringify(settings)}\r\nSUB ${options.subject} 1\r\nPING\r\n`);
  }

  listen();
  const timer = setTimeout(
    () => fail(new Error(`nats-server at ${options.server} did not answer within ${options.timeoutMs} ms`)),
    options.timeoutMs,
  );
  try {
    await ready.promise;
  } finally {
    clearTimeout(timer);
  }
  return {
    publish(subject, reply, body) {
      socket.write(`PUB ${subject} ${reply} ${Buffer.byteLength(body)}\r\n${body}\r\n`);
    },
    write(bytes) {
      socket.write(bytes);
    },
    close() {
      open = false;
      socket.removeAllListeners("close");
      socket.removeAllListeners("data");
      socket.destroy();
    },
  };
}

/** The host without the brackets of an IPv6 address. */
function addressOf(server: string): { host: string; port: number } {
  const end = server.lastIndexOf(":");
  return { host: server.slice(0, end).replace(/^\[|\]$/g, ""), port: Number(server.slice(end + 1)) };
}
