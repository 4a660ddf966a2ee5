import type { NatsConnection } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reservationOf } from "../../api/checkout/reservation.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import type { Log } from "../../streams/log.ts";
import { openStreams, startServers, type TestServers } from "../servers.ts";
import { freshId } from "../streams/id.ts";
import { chair, lamp, openFurnished, problemOf, quoteFor } from "./shop.ts";

/** The same records on a real server: what a conflict, a duplicate and a missing message are there. */

let servers: TestServers;
let connection: NatsConnection;
let checkout: Log;
let activity: Log;
beforeAll(async () => {
  servers = await startServers("nats");
  ({ connection } = await openStreams(servers.natsUrl));
  checkout = await openJetStreamLog(connection, "CHECKOUT");
  activity = await openJetStreamLog(connection, "ACTIVITY");
});
afterAll(async () => {
  await connection.close();
  await servers.stop();
});

async function shopOf(user = freshId()) {
  const shop = await openFurnished();
  const open = () => shop.open({ checkout, activity });
  const { quote } = await quoteFor(open(), user, [
    [lamp, 2],
    [chair, 1],
  ]);
  return { shop, open, quote, user, reservation: reservationOf(user, "k") };
}

async function stored(log: Log, subject: string): Promise<number> {
  let count = 0;
  for (let at = 1; ; count++) {
    const message = await log.next(subject, at);
    if (message === undefined) return count;
    at = message.sequence + 1;
  }
}

test("of many servers that are asked at once, one makes the reservation and the others say so", async () => {
  const { shop, open, quote, user, reservation } = await shopOf();
  const asked = Array.from({ length: 12 }, async () => {
    const reply = await open()
      .reserve(user, "k", quote)
      .catch((error: unknown) => problemOf(Promise.reject(error)));
    return typeof reply === "string" ? reply : `${reply.status} ${reply.isReplayed ? "again" : "first"}`;
  });
  const outcomes = await Promise.all(asked);
  expect(outcomes.filter((one) => one === "201 first")).toHaveLength(1);
  for (const one of outcomes)
    expect(["201 first", "201 again", "409 reservation-in-progress"]).toContain(one);
  expect([lamp, chair].map(shop.stock.available)).toEqual([3, 4]);
  expect(await stored(checkout, `checkout.${user}.${reservation}`)).toBe(2);
  expect(await open().reserve(user, "k", quote)).toMatchObject({ status: 201, isReplayed: true });
});

test("of confirming and cancelling at once from many servers one happens, and there is one order or none", async () => {
  const { shop, open, quote, user, reservation } = await shopOf();
  await open().reserve(user, "k", quote);
  const asked = Array.from({ length: 12 }, async (_, at) => {
    const ask = at % 2 === 0 ? open().confirm : open().cancel;
    const work = ask(user, reservation);
    return work.then(
      (view) => String((view as { readonly status: string }).status),
      () => problemOf(work),
    );
  });
  const outcomes = new Set(await Promise.all(asked));
  const isConfirmed = outcomes.has("confirmed");
  expect(outcomes).toEqual(
    new Set(
      isConfirmed ? ["confirmed", "409 reservation-confirmed"] : ["cancelled", "409 reservation-cancelled"],
    ),
  );
  expect(await stored(activity, `log.activity.*.order.placed.${user}`)).toBe(isConfirmed ? 1 : 0);
  expect([lamp, chair].map(shop.stock.available)).toEqual(isConfirmed ? [3, 4] : [5, 5]);
  expect(await stored(checkout, `checkout.${user}.${reservation}`)).toBe(3);
});

test("a server that returns with its data has every answer that was given", async () => {
  const { open, quote, user, reservation } = await shopOf();
  const first = await open().reserve(user, "k", quote);
  servers.signal("nats", "SIGKILL");
  await expect
    .poll(
      () =>
        open()
          .reserve(user, "k", quote)
          .catch(() => undefined),
      { timeout: 30_000 },
    )
    .toEqual({ ...first, isReplayed: true });
  await expect
    .poll(
      () =>
        open()
          .confirm(user, reservation)
          .catch(() => undefined),
      { timeout: 30_000 },
    )
    .toMatchObject({ status: "confirmed" });
});
