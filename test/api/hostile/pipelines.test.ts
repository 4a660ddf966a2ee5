import type { FastifyInstance } from "fastify";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryReadModel } from "../../../projections/memory/read-model.ts";
import { createWorld } from "../../verify/world.ts";

/** Many requests in one piece: a few are answered, more cut the connection. */

let api: FastifyInstance;
let port: number;
beforeAll(async () => {
  api = createWorld(createMemoryReadModel(), Date.now()).api();
  await api.listen({ host: "127.0.0.1", port: 0 });
  port = (api.server.address() as { port: number }).port;
});
afterAll(() => api.close());

/** How many answers came before the connection ended, or until all were there. */
async function answersTo(count: number): Promise<{ readonly answers: number; readonly cut: boolean }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  const outcome = Promise.withResolvers<boolean>();
  const answers = () => text.split("HTTP/1.1 ").length - 1;
  socket.on("data", (chunk) => {
    text += chunk;
    if (answers() === count) outcome.resolve(false);
  });
  socket.on("error", () => {});
  socket.on("close", () => outcome.resolve(true));
  socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(count));
  const cut = await outcome.promise;
  socket.destroy();
  return { answers: answers(), cut };
}

test("sixteen at once are all answered", async () => {
  expect(await answersTo(16)).toEqual({ answers: 16, cut: false });
});

test("a thousand are not", async () => {
  const { answers, cut } = await answersTo(1_000);
  expect(cut).toBe(true);
  expect(answers).toBeLessThan(1_000);
});
