import { expect, test } from "vitest";
import { expireHolds } from "../../actors/stock/expiry.ts";
import { emptyStock } from "../../actors/stock/stock.ts";
import { id } from "../streams/id.ts";
import { quiet } from "./world.ts";

/** Holds that are past their time, by simulated time. */

test("while the log is read nothing is decided: what is on hold there may have ended since", async () => {
  const stock = emptyStock();
  const [mug, ann] = [id("mug"), id("ann")];
  const items = [{ product: mug, quantity: 1, sale: null }];
  for (const reservation of ["sold since", "on hold"])
    stock.open.set(reservation, { reservation, taking: 0, buyer: ann, until: 0, items });
  const ending = new AbortController();
  const decided: string[] = [];
  const ended: string[] = [];
  let isReady = false;
  let rounds = 0;
  await expireHolds(
    {
      keeper: {
        stock,
        get isReady() {
          return isReady;
        },
        async end({ reservation }) {
          ended.push(reservation);
        },
      },
      async decide({ reservation }) {
        decided.push(reservation);
        return "expired";
      },
      now: () => 10_000,
      async pause() {
        rounds++;
        if (rounds === 1) {
          expect(decided).toEqual([]);
          stock.open.delete("sold since");
          isReady = true;
        } else ending.abort();
      },
      journal: quiet,
    },
    ending.signal,
  );
  expect([decided, ended]).toEqual([["on hold"], ["on hold"]]);
});
