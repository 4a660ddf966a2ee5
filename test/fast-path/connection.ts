import { connect, type Socket } from "node:net";

/** One connection to an HTTP server, on which exactly these bytes are sent, one piece at a time. */
export interface Connection {
  readonly socket: Socket;
  write(bytes: string): void;
  /**
   * The next answer, in the order in which they come; `hasBody`: not one to HEAD. Rejects where the server ends the
   * connection before it.
   */
  next(hasBody?: boolean): Promise<Answer>;
  /** A plain `GET` with its answer. */
  get(path: string, headers?: readonly string[]): Promise<Answer>;
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const head = (line: string, headers: readonly string[] = []) =>
  [`${line} HTTP/1.1`, "Host: shop.example", ...headers, "", ""].join("\r\n");

export async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.on("error", () => {});
  const waiting: (PromiseWithResolvers<Answer> & { readonly hasBody: boolean })[] = [];
  let text = "";
  function give(): void {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const taken = take(text, first.hasBody);
      if (taken === undefined) return;
      text = text.slice(taken.length);
      waiting.shift();
      first.resolve(taken.answer);
    }
  }
  socket.setEncoding("latin1").on("data", (piece: string) => {
    text += piece;
    give();
  });
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`the connection ended behind ${text}`));
      resolve();
    };
    socket.once("end", end).once("close", end);
  });
  const connection: Connection = {
    socket,
    write: (bytes) => void socket.write(bytes, "latin1"),
    next(hasBody = true) {
      const next = Promise.withResolvers<Answer>();
      waiting.push({ ...next, hasBody });
      give();
      if (socket.destroyed || socket.readableEnded) next.reject(new Error("the connection has ended"));
      return next.promise;
    },
    get(path, headers) {
      connection.write(head(`GET ${path}`, headers));
      return connection.next();
    },
    ended,
  };
  return connection;
}

/** The answer that a text begins with, once all of it is there. */
function take(
  text: string,
  hasBody: boolean,
): { readonly answer: Answer; readonly length: number } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [line = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((each) => {
      const colon = each.indexOf(": ");
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 2)];
    }),
  );
  const status = Number(line.split(" ")[1]);
  const from = headEnd + "\r\n\r\n".length;
  const length = from + Number(hasBody && status !== 304 ? (headers["content-length"] ?? 0) : 0);
  if (text.length < length) return undefined;
  const body = Buffer.from(text.slice(from, length), "latin1").toString();
  return { answer: { status, headers, body }, length };
}
