import { expect, test } from "vitest";
import { forgetIdleProducts } from "../../actors/stock/idle-products.ts";
import { emptyStock } from "../../actors/stock/stock.ts";
import { id } from "../streams/id.ts";

/** Which products a keeper lets go of. Time is simulated. */

const now = 10_000_000;
const tenMinutes = 600_000;

test("of many the idle ones go that are known to be shown; of the others it is found out", async () => {
  const stock = emptyStock();
  const keep = (name: string, at: number, held = 0) =>
    stock.products.set(id(name), { onHand: 5, held, counted: 1, at });
  keep("held", 0, 1);
  keep("idle", now - tenMinutes - 1);
  keep("idle and not shown", now - tenMinutes - 1);
  keep("lately", now - tenMinutes);
  for (let at = 0; at < 9_999; at++) keep(`other ${at}`, now);
  const [forgotten, looked]: string[][] = [[], []];
  const ending = new AbortController();
  let rounds = 0;
  await forgetIdleProducts(
    {
      keeper: { stock, forget: (products) => void forgotten?.push(...products) },
      shown: {
        isShown: (product) => product !== "idle and not shown",
        show: (products) => void looked?.push(...products),
      },
      async pause(ms) {
        expect(ms).toBe(60_000);
        if (++rounds === 2) ending.abort();
      },
    },
    ending.signal,
  );
  expect([forgotten, looked]).toEqual([["idle"], ["idle and not shown"]]);
});

test("a few are no burden", async () => {
  const stock = emptyStock();
  for (let at = 0; at < 10_000; at++)
    stock.products.set(id(`p${at}`), { onHand: 5, held: 0, counted: 1, at: 0 });
  const ending = new AbortController();
  const nobody = () => {
    throw new Error("nobody goes");
  };
  await forgetIdleProducts(
    {
      keeper: { stock, forget: nobody },
      shown: { isShown: () => true, show: nobody },
      pause: async () => (stock.sequence++ > 0 ? ending.abort() : undefined),
    },
    ending.signal,
  );
});
