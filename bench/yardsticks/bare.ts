import { createServer } from "node:http";

/**
 * The yardstick of the hot path, as a process of its own: `node:http` that sends the same bytes and headers to
 * whoever asks. Argument: `{ headers: string[], body }` as JSON. Prints its port.
 */
const { headers, body } = JSON.parse(process.argv[2] ?? "") as {
  readonly headers: readonly string[];
  readonly body: string;
};
const bytes = Buffer.from(body);
const server = createServer((_, response) => {
  response.writeHead(200, [...headers]).end(bytes);
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`);
});
