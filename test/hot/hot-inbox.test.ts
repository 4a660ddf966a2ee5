import { expect, test } from "vitest";
import { createHotInbox, inboxMax } from "../../actors/hot/hot-inbox.ts";
import type { HotInput } from "../../actors/hot/hot-input.ts";
import { id } from "../streams/id.ts";

const failed = (product: string): HotInput => ({ kind: "load failed", id: id(product) });
const change = (product: string): HotInput => ({ kind: "change", products: [[id(product), 1]], drops: [] });
const held: HotInput = { kind: "held", word: { by: "a", held: [1] } };

function takeAll(inbox: ReturnType<typeof createHotInbox>): readonly HotInput[] {
  const all = [];
  for (let next = inbox.take(); next !== undefined; next = inbox.take()) all.push(next);
  return all;
}

test("what is put is taken in its order, however putting and taking alternate", () => {
  const inbox = createHotInbox();
  const taken = [];
  let put = 0;
  for (let times = 1; times <= 60; times++) {
    for (let some = times % 7; some > 0; some--) inbox.put(failed(`p-${put++}`));
    for (let some = times % 5; some > 0; some--) taken.push(...[inbox.take() ?? []].flat());
  }
  taken.push(...takeAll(inbox));
  expect(taken).toEqual(Array.from({ length: put }, (_, at) => failed(`p-${at}`)));
  expect([inbox.isEmpty, inbox.take()]).toEqual([true, undefined]);
});

test("beyond its limit words are dropped, of changes it is known that there were some, and all else waits", () => {
  const inbox = createHotInbox();
  for (let times = 0; times < inboxMax; times++) inbox.put(held);
  expect(inbox.hasRoom).toBe(false);
  for (const product of ["lamp", "chair", "table"]) inbox.put(change(product));
  inbox.put(held);
  inbox.put(failed("lamp"));
  inbox.put(change("lamp"));
  const any = { kind: "change", products: undefined, drops: [] };
  expect(takeAll(inbox).slice(inboxMax)).toEqual([any, failed("lamp"), any]);
  expect(inbox.hasRoom).toBe(true);
});
