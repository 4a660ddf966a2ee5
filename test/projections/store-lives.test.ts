import { expect, test } from "vitest";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { claimPositions } from "../../projections/position-claim.ts";
import { PositionMoved, type ReadModel } from "../../projections/read-model.ts";
import { withinSession } from "../../projections/session-fence.ts";
import { inLife, lifeOf, sequenceOf } from "../../projections/version.ts";
import { id } from "../streams/id.ts";
import { partitionOfId, v } from "./read-model-adapters.ts";

/** A store that was emptied or restored is another one, also where its positions look the same. */

const lamp = id("lamp");
const partition = partitionOfId(lamp);
const letters = (...given: readonly string[]) => {
  const left = [...given];
  return () => left.shift() ?? "none";
};

test("a version in a life keeps its place in the log", () => {
  const version = inLife(v(12), "a1");
  expect(sequenceOf(version)).toBe(12);
  expect(lifeOf(version)).toBe("a1");
  expect(lifeOf(v(12))).toBeUndefined();
  expect([v(13), version, v(12)].toSorted()).toEqual([v(12), version, v(13)]);
});

test("each emptied store is claimed in a life of its own, a standing one stays", async () => {
  const model = createMemoryReadModel();
  const first = await claimPositions(model, "catalog", [1, 2], v, letters("a", "b"));
  expect([...first.values()].map(({ version }) => lifeOf(version))).toEqual(["a", "b"]);
  expect(await claimPositions(model, "catalog", [1, 2], v, letters("c"))).toEqual(first);
  await model.clear();
  const second = await claimPositions(model, "catalog", [1], v, letters("d"));
  expect(lifeOf(second.get(1)?.version ?? v(0))).toBe("d");
});

test("what was begun before the store was emptied is not finished after another owner filled it again", async () => {
  const model = createMemoryReadModel();
  const before = (await claimPositions(model, "catalog", [partition], v, letters("a"))).get(
    partition,
  )?.version;
  await model.clear();
  await claimPositions(model, "catalog", [partition], v, letters("b"));
  const stuck = await model.advance("catalog", [{ partition, from: before, to: v(3), headAt: 0 }]);
  expect([...stuck.keys()]).toEqual([partition]);
  const put = { id: lamp, version: v(3), value: { newest: [], sequence: 3 } };
  await expect(model.putReviews({ partition, position: before }, [put])).rejects.toBeInstanceOf(
    PositionMoved,
  );
});

test("a store that is emptied while its positions are claimed is taken up anew", async () => {
  const model = createMemoryReadModel();
  const emptied: ReadModel = {
    ...model,
    async advance(log, moves) {
      const stuck = await model.advance(log, moves);
      await model.clear();
      return stuck;
    },
  };
  await expect(claimPositions(emptied, "catalog", [1], v, letters("a"))).rejects.toBeInstanceOf(
    PositionMoved,
  );
});

test("a fence does not outlive the link over which it was taken", async () => {
  let session = 1;
  const model = createMemoryReadModel();
  const fenced = withinSession({ ...model, session: () => session });
  const fence = { partition, position: undefined, session };
  const put = { id: lamp, version: v(1), value: { newest: [], sequence: 1 } };
  await fenced.putReviews(fence, [put]);
  session++;
  const row = { id: lamp, pricing: { version: v(1), made: 1, amount: 1, nextBoundary: undefined } };
  const stock = { quantity: 1, sequence: 1, updated_at: 1 };
  const writes = [
    fenced.putRegisters([fence], [{ id: lamp, register: "inventory", version: v(1), value: stock }]),
    fenced.putReviews(fence, [put]),
    fenced.putRatings(fence, []),
    fenced.putSale(fence, {
      sale: id("friday"),
      version: v(1),
      value: { starts_at: 1, ends_at: 2, items: [], named: [], sequence: 1 },
      products: [],
    }),
    fenced.putCategoryEvents(fence, []),
    fenced.putRows(fence, [row]),
  ];
  for (const write of writes) await expect(write).rejects.toBeInstanceOf(PositionMoved);
  expect((await model.readRows(partition, [lamp]))[0]).toBeUndefined();
});
