import { expect, test, vi } from "vitest";
import { followTransitions } from "../../ops/rehearse/transitions.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";

const mug = id("BANK CHARGES");
const lamp = id("lamp");
const said = (payload: object | string) =>
  Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
const subjectOf = (product: typeof mug) => `hot.transition.${tokenOf(product)}`;

test("transitions of the products that matter are seen, from now on and to the last", async () => {
  const hot = createMemoryLog({ stream: "HOT", now: () => 5 });
  await hot.append(subjectOf(mug), said({ at: 1, event: "heat", to: "warming" }));
  const transitions = await followTransitions(hot, [mug]);
  await hot.append(subjectOf(lamp), said({ at: 2, event: "heat", to: "warming" }));
  await hot.append("hot.command.lamp", said({ at: 3, event: "add", to: "hot" }));
  await hot.append(subjectOf(mug), said({ at: 4, event: "held", to: "hot.fresh" }));
  await vi.waitFor(() => expect(transitions.seen).toHaveLength(1));
  await hot.append(subjectOf(mug), said("not JSON"));
  await hot.append(subjectOf(mug), said("null"));
  await transitions.close();
  await transitions.close();
  expect(transitions.seen).toMatchObject([
    { product: mug, at: 4, event: "held", to: "hot.fresh" },
    // The log's own time.
    { product: mug, at: 5, event: "", to: "" },
    { product: mug, at: 5, event: "", to: "" },
  ]);
});
