import { expect, test, vi } from "vitest";
import { type HotValue, initialState } from "../../actors/hot/hot-state.ts";
import { encodeHotWord } from "../../actors/hot/hot-word.ts";
import { encodeTransition } from "../../actors/hot/transitions.ts";
import { followTransitions } from "../../ops/rehearse/transitions.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";

const mug = id("BANK CHARGES");
const lamp = id("lamp");
const subjectOf = (product: typeof mug) => `hot.transition.${tokenOf(product)}`;
const said = (product: typeof mug, at: number, value: HotValue) =>
  encodeTransition({
    event: { type: "heated", at },
    before: "cold",
    after: { ...initialState(product, at, 0), value },
  });

test("transitions of the products that matter are seen, from now on and to the last", async () => {
  const hot = createMemoryLog({ stream: "HOT", now: () => 5 });
  await hot.append(subjectOf(mug), said(mug, 1, "warming.loading"));
  const values = createMemoryBroadcast();
  const push = (product: typeof mug) =>
    values.publish(
      encodeHotWord({ kind: "value", id: product, push: 1, untilMs: 9, changesArePushed: true, value: "{}" }),
    );
  const transitions = await followTransitions({ hot, values }, [mug]);
  for (const product of [mug, lamp, mug]) push(product);
  values.publish(encodeHotWord({ kind: "cool", id: mug }));
  await hot.append(subjectOf(lamp), said(lamp, 2, "warming.loading"));
  await hot.append("hot.command.lamp", Buffer.from('{"command":"add","at":3}'));
  await hot.append(subjectOf(mug), said(mug, 4, "warming.loading"));
  await vi.waitFor(() => expect(transitions.seen).toHaveLength(1));
  await hot.append(subjectOf(mug), Buffer.from("not JSON"));
  await hot.append(subjectOf(mug), said(mug, 6, "hot.fresh"));
  await transitions.close();
  await transitions.close();
  push(mug);
  expect(transitions.pushed).toEqual([mug, mug]);
  expect(transitions.seen).toEqual([
    { product: mug, at: 4, event: "heated", to: "warming.loading" },
    { product: mug, at: 6, event: "heated", to: "hot.fresh" },
  ]);
});
