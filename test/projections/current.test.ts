import { expect, test } from "vitest";
import { currentOf } from "../../projections/current.ts";
import type { ProductRead } from "../../projections/read-model.ts";
import { versionsOf } from "../../projections/version.ts";

/** Older software beside the new one may fill a miss with what its fold makes of the last event. */

const [older, own] = [versionsOf(1_000, 4), versionsOf(1_000, 5)];
const read = (position: ReturnType<typeof own> | undefined): ProductRead => ({
  position: position && { version: position, headAt: 1 },
  product: { version: older(3), value: null },
  price: { version: own(3), value: null },
  inventory: undefined,
  rating: undefined,
  sales: undefined,
});

test("in a partition that was rebuilt, a register of an older fold is taken for absent", () => {
  expect(currentOf(read(own(9)), own)).toEqual({ ...read(own(9)), product: undefined });
});

test("while a partition waits to be rebuilt, it is what there is", () => {
  for (const position of [undefined, older(9), versionsOf(1_000, 0)(9)]) {
    expect(currentOf(read(position), own)).toEqual(read(position));
  }
});
