import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Taken, takeOffTheWire, wasLeft } from "../../api/fast-path/off-the-wire.ts";
import { addressIn } from "../../api/fast-path/request-head.ts";
import { type Connection, head, openConnection } from "./connection.ts";

/** What is taken off a connection, and that the rest of it is Node's as ever. */

let server: Server;
let connection: Connection;
/** Requests under `/later`, which are answered or left when a test says so. */
let later: Taken[];
/** What Node has come to, and what of it was left; under `/slow` it waits. */
let seen: string[];
let leftOnes: string[];
let slow: PromiseWithResolvers<void>;
let leaveAll: () => void;

const give = (request: Taken, by = "wire") => {
  const body = `${by} ${addressIn(request.line)}`;
  request.answer(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${request.headEnd}${body}`);
};

beforeEach(async () => {
  later = [];
  seen = [];
  leftOnes = [];
  slow = Promise.withResolvers();
  server = createServer((request, response) => {
    const { url = "" } = request;
    seen.push(url);
    if (wasLeft(request)) leftOnes.push(url);
    request.resume().on("end", async () => {
      if (url.startsWith("/slow")) await slow.promise;
      const body = `node ${request.method} ${request.url}`;
      response.writeHead(200, { "content-length": body.length }).end(body);
    });
  });
  server.maxRequestsPerSocket = 100;
  leaveAll = takeOffTheWire(server, (request) => {
    const address = addressIn(request.line);
    if (address.startsWith("/later")) later.push(request);
    else if (address.startsWith("/wire")) give(request);
    else return false;
    return true;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  connection = await openConnection(portOf(server));
});
afterEach(() => {
  connection.socket.destroy();
  server.close();
  server.closeAllConnections();
});

const portOf = (of: Server) => (of.address() as AddressInfo).port;
const bodyOf = async (path: string, headers?: readonly string[]) =>
  (await connection.get(path, headers)).body;
const nextBody = async () => (await connection.next()).body;
const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
const untilAsked = (count: number) => vi.waitFor(() => expect(later).toHaveLength(count));

test("the first request is Node's, and those behind it are taken", async () => {
  const first = await connection.get("/wire/1");
  const second = await connection.get("/wire/2");
  expect([first.body, second.body, await bodyOf("/wire/3")]).toEqual([
    "node GET /wire/1",
    "wire /wire/2",
    "wire /wire/3",
  ]);
  for (const name of ["connection", "keep-alive"]) expect(second.headers[name]).toBe(first.headers[name]);
});

test("what is not taken is Node's, and the next one may be taken again", async () => {
  await bodyOf("/");
  for (const [path, body] of [
    ["/wire", "wire /wire"],
    ["/other", "node GET /other"],
    ["/wire", "wire /wire"],
  ] as const)
    expect(await bodyOf(path)).toBe(body);
  connection.write(head("HEAD /wire"));
  expect(await connection.next(false)).toMatchObject({ headers: { "content-length": "15" }, body: "" });
  expect(await bodyOf("/wire")).toBe("wire /wire");
});

test.each([
  ["a body", "POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"],
  ["a body of no length", "GET /in HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"],
  ["chunks", "POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
  ["a header that only Node reads", "GET /in HTTP/1.1\r\nHost: x\r\nX: é\r\n\r\n"],
])("behind %s the connection is left to Node", async (_, bytes) => {
  await bodyOf("/");
  connection.write(bytes);
  expect(await nextBody()).toMatch(/^node \w+ \/in$/);
  expect(await bodyOf("/wire")).toBe("node GET /wire");
});

test.each([
  ["HTTP/1.0", "GET /wire HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"],
  ["Connection: close", head("GET /wire", ["Connection: close"])],
  ["two hosts", head("GET /wire", ["Host: other"])],
  ["a token", head("GET /wire", ["Authorization: Bearer x"])],
])("%s is not taken", async (_, bytes) => {
  await bodyOf("/");
  connection.write(bytes);
  expect(await nextBody()).toBe("node GET /wire");
});

test("a head in pieces is put together by Node", async () => {
  await bodyOf("/");
  const whole = head("GET /wire");
  for (let at = 0; at < whole.length; at += 7) {
    connection.write(whole.slice(at, at + 7));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await nextBody()).toBe("node GET /wire");
  expect(await bodyOf("/wire")).toBe("node GET /wire");
});

test("several in one piece are answered by Node, in order", async () => {
  await bodyOf("/");
  connection.write(head("GET /wire/1") + head("GET /wire/2"));
  expect([await nextBody(), await nextBody()]).toEqual(["node GET /wire/1", "node GET /wire/2"]);
});

test("what comes while Node answers is answered behind that", async () => {
  await bodyOf("/");
  connection.write(head("GET /slow"));
  await vi.waitFor(() => expect(seen).toContain("/slow"));
  connection.write(head("GET /wire/1"));
  await vi.waitFor(() => expect(seen).toContain("/wire/1"));
  slow.resolve();
  expect([await nextBody(), await nextBody()]).toEqual(["node GET /slow", "node GET /wire/1"]);
  expect(await bodyOf("/wire/2")).toBe("wire /wire/2");
});

test("what comes while one is being answered is answered behind it, by Node", async () => {
  await bodyOf("/");
  connection.write(head("GET /later/1"));
  await untilAsked(1);
  connection.write(head("GET /wire/2"));
  await vi.waitFor(() => expect(later[0]?.socket.isPaused()).toBe(true));
  connection.write("POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  give(later[0] as Taken);
  expect([await nextBody(), await nextBody(), await nextBody()]).toEqual([
    "wire /later/1",
    "node GET /wire/2",
    "node POST /3",
  ]);
});

test("a head that comes in two while one is being answered is put together by Node", async () => {
  await bodyOf("/");
  connection.write(head("GET /later"));
  await untilAsked(1);
  const second = head("GET /wire");
  connection.write(second.slice(0, 9));
  await vi.waitFor(() => expect(later[0]?.socket.isPaused()).toBe(true));
  give(later[0] as Taken);
  expect(await nextBody()).toBe("wire /later");
  connection.write(second.slice(9));
  expect(await nextBody()).toBe("node GET /wire");
});

test("a body that looks like a request is none, also where its head came while one was being answered", async () => {
  await bodyOf("/");
  connection.write(head("GET /later"));
  await untilAsked(1);
  const body = head("GET /wire/no");
  connection.write(`POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
  await vi.waitFor(() => expect(later[0]?.socket.isPaused()).toBe(true));
  give(later[0] as Taken);
  expect(await nextBody()).toBe("wire /later");
  await vi.waitFor(() => expect(seen).toContain("/in"));
  connection.write(body);
  expect(await nextBody()).toBe("node POST /in");
  expect(await bodyOf("/wire/yes")).toBe("node GET /wire/yes");
});

test("what is left is answered by Node, and the next one is taken", async () => {
  await bodyOf("/");
  connection.write(head("GET /later"));
  await untilAsked(1);
  later[0]?.leave();
  expect(await nextBody()).toBe("node GET /later");
  expect(await bodyOf("/wire")).toBe("wire /wire");
  expect(leftOnes).toEqual(["/later"]);
});

test("all can be left at once, whichever have come and gone", async () => {
  const others = await Promise.all([0, 1, 2, 3].map(() => openConnection(portOf(server))));
  await Promise.all(others.map((each) => each.get("/")));
  for (const gone of [others[1], others[3]]) {
    gone?.socket.destroy();
    await vi.waitFor(async () => expect(await connections()).toBe(gone === others[1] ? 4 : 3));
  }
  const [first, , third] = others as [Connection, Connection, Connection];
  await bodyOf("/");
  for (const each of [connection, first, third]) each.write(head("GET /later"));
  await untilAsked(3);
  leaveAll();
  for (const each of [connection, first, third]) expect((await each.next()).body).toBe("node GET /later");
  for (const each of others) each.socket.destroy();
});

test("all that are taken can be left at once, and what comes behind is as ever", async () => {
  const another = await openConnection(portOf(server));
  await Promise.all([connection.get("/"), another.get("/")]);
  for (const each of [connection, another]) each.write(head("GET /later"));
  await untilAsked(2);
  leaveAll();
  for (const each of [connection, another]) {
    expect((await each.next()).body).toBe("node GET /later");
    expect((await each.get("/wire")).body).toBe("wire /wire");
  }
  leaveAll();
  for (const request of later) give(request);
  expect(await bodyOf("/wire")).toBe("wire /wire");
  another.socket.destroy();
});

test("a request is answered once, whatever its answerer does", async () => {
  await bodyOf("/");
  connection.write(head("GET /later/1"));
  await untilAsked(1);
  const [first] = later as [Taken];
  give(first);
  give(first, "again");
  first.leave();
  expect(await nextBody()).toBe("wire /later/1");
  connection.write(head("GET /later/2"));
  await untilAsked(2);
  give(first, "again");
  give(later[1] as Taken);
  expect(await nextBody()).toBe("wire /later/2");
});

test("the last answer that a connection may have says so, and ends it", async () => {
  server.maxRequestsPerSocket = 4;
  connection = await openConnection(portOf(server));
  const said: unknown[] = [];
  for (const path of ["/", "/wire", "/other", "/wire"])
    said.push((await connection.get(path)).headers["connection"]);
  expect(said).toEqual(["keep-alive", "keep-alive", "keep-alive", "close"]);
  await connection.ended;
});

test("nothing is done of what came behind the last one", async () => {
  server.maxRequestsPerSocket = 2;
  connection = await openConnection(portOf(server));
  await bodyOf("/");
  connection.write(head("GET /later"));
  await untilAsked(1);
  connection.write("POST /pay HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  await vi.waitFor(() => expect(later[0]?.socket.isPaused()).toBe(true));
  give(later[0] as Taken);
  expect((await connection.next()).headers["connection"]).toBe("close");
  await connection.ended;
  expect(seen).toEqual(["/"]);
});

test("bytes leave behind the text", async () => {
  await bodyOf("/");
  connection.write(head("GET /later"));
  await untilAsked(1);
  const bytes = Buffer.alloc(200_000, "b");
  const [request] = later as [Taken];
  request.answer(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n${request.headEnd}`, bytes);
  expect(await nextBody()).toBe(bytes.toString());
  expect(await bodyOf("/wire")).toBe("wire /wire");
});

test("who goes away is told of once, and is not answered", async () => {
  await bodyOf("/");
  connection.write(head("GET /later"));
  await untilAsked(1);
  const [request] = later as [Taken];
  const gone = vi.fn();
  request.onGone = gone;
  connection.socket.destroy();
  await vi.waitFor(() => expect(gone).toHaveBeenCalledOnce());
  give(request);
  request.leave();
  expect(gone).toHaveBeenCalledOnce();
});

const large = Buffer.alloc(20_000_000);

/** The answer to a client that does not read, which does not leave at once. */
async function giveLarge(): Promise<Taken> {
  await bodyOf("/");
  connection.socket.pause();
  connection.write(head("GET /later"));
  await untilAsked(1);
  const [request] = later as [Taken];
  request.answer(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n${request.headEnd}`, large);
  expect(request.socket.writableLength).toBeGreaterThan(0);
  return request;
}

test("who does not read is cut", async () => {
  server.timeout = 300;
  const { socket } = await giveLarge();
  await new Promise((resolve) => socket.once("close", resolve));
});

test("who does not read has nothing more taken meanwhile", async () => {
  await giveLarge();
  connection.write(head("GET /later"));
  await vi.waitFor(() => expect(seen).toContain("/later"));
  expect(later).toHaveLength(1);
});

test("who reads late rests for as long as others", async () => {
  server.timeout = 30_000;
  server.keepAliveTimeout = 60_000;
  await bodyOf("/");
  const { socket } = await giveLarge();
  expect(socket.timeout).toBe(30_000);
  connection.socket.resume();
  expect((await connection.next()).body).toHaveLength(large.length);
  await vi.waitFor(() => expect(socket.timeout).toBeGreaterThanOrEqual(60_000));
});

test("a connection that rests is ended by Node as ever", async () => {
  server.keepAliveTimeout = 1;
  await bodyOf("/");
  expect(await bodyOf("/wire")).toBe("wire /wire");
  await connection.ended;
});

test("a server that closes its idle connections closes those as well", async () => {
  await bodyOf("/");
  await bodyOf("/wire");
  server.closeIdleConnections();
  await connection.ended;
});

test("where Node does not listen to a connection nothing is taken", async () => {
  const other = createServer((request, response) => void response.end(`node ${request.url}`));
  other.prependListener("connection", (socket) => void socket.on("data", () => {}));
  takeOffTheWire(other, () => {
    throw new Error("taken");
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  try {
    const own = await openConnection(portOf(other));
    for (let each = 0; each < 2; each++) {
      own.write(head("GET /wire"));
      expect((await own.next()).status).toBe(200);
    }
    own.socket.destroy();
  } finally {
    other.close();
    other.closeAllConnections();
  }
});
