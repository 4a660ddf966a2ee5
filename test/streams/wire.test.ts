import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPlaceReader } from "../../streams/jetstream/ack-subject.ts";
import { openWire } from "../../streams/jetstream/wire.ts";
import { createWireParser, type Frame } from "../../streams/jetstream/wire-parser.ts";

interface Sent {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly headers: string;
  readonly payload: Buffer;
}

const token = fc.stringMatching(/^[A-Za-z0-9_$.=-]{1,20}$/);
const sent: fc.Arbitrary<Sent> = fc.record({
  subject: token,
  reply: fc.option(token, { nil: undefined }),
  headers: fc.constantFrom("", "NATS/1.0\r\n\r\n", "NATS/1.0 100 Idle Heartbeat\r\n\r\n"),
  // Payloads that look like the protocol must not be taken for it.
  payload: fc
    .oneof(fc.uint8Array({ maxLength: 60 }), fc.constant(Buffer.from("\r\nMSG a 1 3\r\nabc\r\nPING\r\n")))
    .map((bytes) => Buffer.from(bytes)),
});

function written({ subject, reply, headers, payload }: Sent): Buffer {
  const replied = reply === undefined ? "" : ` ${reply}`;
  const total = headers.length + payload.length;
  const line =
    headers === ""
      ? `MSG ${subject} 1${replied} ${total}`
      : `HMSG ${subject} 1${replied} ${headers.length} ${total}`;
  return Buffer.concat([Buffer.from(`${line}\r\n${headers}`), payload, Buffer.from("\r\n")]);
}

function taken({
  bytes,
  subjectStart,
  subjectEnd,
  replyStart,
  replyEnd,
  headersStart,
  payloadStart,
  payloadEnd,
}: Frame): Sent {
  return {
    subject: bytes.toString("latin1", subjectStart, subjectEnd),
    reply: replyStart === replyEnd ? undefined : bytes.toString("latin1", replyStart, replyEnd),
    headers: bytes.toString("latin1", headersStart, payloadStart),
    payload: Buffer.from(bytes.subarray(payloadStart, payloadEnd)),
  };
}

test("messages and lines come out whole and in order, however the bytes are cut", () => {
  const line = fc.constantFrom("PING", "PONG", "INFO {}", "-ERR 'Stale Connection'");
  fc.assert(
    fc.property(
      fc.array(fc.oneof(sent, line), { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (items, cuts) => {
        const bytes = Buffer.concat(
          items.map((item) => (typeof item === "string" ? Buffer.from(`${item}\r\n`) : written(item))),
        );
        const found: (Sent | string)[] = [];
        const parse = createWireParser({
          message: (frame) => found.push(taken(frame)),
          line: (text) => found.push(text),
        });
        const places = [
          0,
          ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b),
          bytes.length,
        ];
        for (const [at, from] of places.entries())
          if (at < places.length - 1) parse(bytes.subarray(from, places[at + 1]));
        expect(found).toEqual(items);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("what is no protocol is refused in words", () => {
  const parse = createWireParser({ message: () => {}, line: () => {} });
  expect(() => parse(Buffer.from("MSG a\r\n"))).toThrow('nats-server sent "MSG a"');
  expect(() => createWireParser({ message: () => {}, line: () => {} })(Buffer.alloc(70_000, "x"))).toThrow(
    "which is no message",
  );
});

test.each([
  ["2.9", "$JS.ACK.CATALOG.abc.1.700.42.1764000000123456789.17"],
  ["with a domain and an account", "$JS.ACK.hub.ACC.CATALOG.abc.1.700.42.1764000000123456789.17.rnd"],
])("the place of a message is read from its acknowledgement subject (%s)", (_, subject) => {
  const bytes = Buffer.from(`MSG x 1 ${subject} 0\r\n`);
  const read = createPlaceReader();
  const start = bytes.indexOf("$JS");
  for (let turn = 0; turn < 2; turn++) {
    expect(read(bytes, start, start + subject.length)).toEqual({
      sequence: 700,
      count: 42,
      time: 1_764_000_000_123,
      pending: 17,
    });
  }
});

async function withServer(
  greet: (socket: Socket, heard: () => string) => void,
  use: (server: string) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    let heard = "";
    sockets.push(socket);
    socket.on("data", (chunk) => {
      heard += chunk.toString();
      greet(socket, () => heard);
    });
    socket.on("error", () => {});
    socket.write('INFO {"server_id":"x"}\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const quiet = { name: "test", subject: "inbox.*", message: () => {}, lost: () => {} };

test("a wire is open when the server has taken the subscription, and tells once that it is lost", async () => {
  await withServer(
    (socket, heard) => {
      if (heard().endsWith("SUB inbox.* 1\r\nPING\r\n")) socket.write("PONG\r\nMSG inbox.1 1 2\r\nhi\r\n");
      if (heard().includes("PUB a b 3\r\nxyz\r\n")) socket.end();
    },
    async (server) => {
      const payload = Promise.withResolvers<string>();
      const lost = Promise.withResolvers<Error>();
      const wire = await openWire({
        ...quiet,
        server,
        message: ({ bytes, payloadStart, payloadEnd }) =>
          payload.resolve(bytes.toString("utf8", payloadStart, payloadEnd)),
        lost: lost.resolve,
        timeoutMs: 2_000,
      });
      expect(await payload.promise).toBe("hi");
      wire.publish("a", "b", "xyz");
      expect((await lost.promise).message).toContain("closed the connection");
    },
  );
});

test("a server that does not answer, and one that refuses, end the opening in words", async () => {
  await withServer(
    () => {},
    async (server) => {
      await expect(openWire({ ...quiet, server, timeoutMs: 100 })).rejects.toThrow(
        "did not answer within 100 ms",
      );
    },
  );
  await withServer(
    (socket) => socket.write("-ERR 'Authorization Violation'\r\n"),
    async (server) => {
      await expect(openWire({ ...quiet, server, timeoutMs: 2_000 })).rejects.toThrow(
        "Authorization Violation",
      );
    },
  );
});
