import { expect, test } from "vitest";
import { type Asked, createSentTexts } from "../../api/fast-path/sent-texts.ts";
import { headText, productHead } from "../../api/fast-path/product-head.ts";
import { prepare } from "../../api/answer.ts";
import type { Served } from "../../api/gateway/served.ts";
import { createRandom } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";

/** An answer that is sent as it was a moment ago is the one that would be made now. */

const noon = Date.parse("2026-11-23T12:00:00Z");
const lamp = "lamp" as Identifier;
const [red, blue] = [prepare({ colour: "red" }), prepare({ colour: "blue" })];

const served: Served = {
  prepared: red,
  source: "memory",
  sequence: 7,
  knownAt: noon - 300,
  validUntil: undefined,
  degraded: false,
};
const asked: Asked = { id: lamp, served, unpurged: false, now: noon };

function textOf({ served, unpurged, now }: Asked): string {
  const plain = { id: lamp, view: "assembled", validator: undefined } as const;
  const { status, headers } = productHead(plain, served, "CATALOG", unpurged, now);
  return `${headText(status, headers)}\r\n${served.prepared.bytes.toString("latin1")}`;
}

test("what is asked for twice within a second is kept, and no longer than that", () => {
  const texts = createSentTexts();
  const keep = (now: number) => texts.keep({ ...asked, now }, textOf({ ...asked, now }));
  keep(noon + 998);
  expect(texts.find({ ...asked, now: noon + 999 })).toBeUndefined();
  // Another second.
  keep(noon + 1_000);
  expect(texts.find({ ...asked, now: noon + 1_001 })).toBeUndefined();
  keep(noon + 1_001);
  expect(texts.find({ ...asked, now: noon + 1_002 })).toBe(textOf({ ...asked, now: noon + 1_002 }));
  expect(texts.find({ ...asked, now: noon + 2_000 })).toBeUndefined();
});

test("a text is of the very product and view", () => {
  const texts = createSentTexts();
  for (let each = 0; each < 2; each++) texts.keep(asked, textOf(asked));
  expect(texts.find(asked)).toBe(textOf(asked));
  expect(
    texts.find({ ...asked, served: { ...served, prepared: prepare({ colour: "red" }) } }),
  ).toBeUndefined();
});

test("whatever the clock and the log change in it is in the next one", () => {
  const random = createRandom(1, 1);
  const texts = createSentTexts();
  let found = 0;
  let now = noon;
  let of = served;
  let unpurged = false;
  const changes: readonly (() => void)[] = [
    () => (of = { ...of, prepared: random.pick([red, blue]) }),
    () => (of = { ...of, sequence: random.pick([7, 8, undefined]) }),
    () => (of = { ...of, source: random.pick(["memory", "stale"]) }),
    () => (of = { ...of, knownAt: random.pick([now - random.between(0, 3_000), undefined]) }),
    () => (of = { ...of, validUntil: random.pick([now + random.between(1, 9_000), undefined]) }),
    () => (of = { ...of, lastCallUntil: random.pick([now + random.between(1, 2_000), undefined]) }),
    () => (of = { ...of, degraded: random.chance(0.5) }),
    () => (unpurged = random.chance(0.5)),
    // It is put back now and then.
    () => (now -= 2_000),
  ];
  for (let each = 0; each < 20_000; each++) {
    now += random.between(0, 200);
    if (random.chance(0.1)) random.pick(changes)();
    const one = { id: lamp, served: of, unpurged, now };
    const text = texts.find(one);
    if (text === undefined) texts.keep(one, textOf(one));
    else expect(text).toBe(textOf(one));
    if (text !== undefined) found++;
  }
  expect(found).toBeGreaterThan(1_000);
});
