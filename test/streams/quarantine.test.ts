import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeEvent, isBad } from "../../streams/events.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import {
  entryOf,
  listQuarantine,
  markRepublished,
  type QuarantineEntry,
  quarantine,
} from "../../streams/quarantine.ts";
import { storedSubjectOf } from "../../streams/subjects.ts";
import { id } from "./id.ts";
import { logAdapters, type OpenLogs } from "./log-adapters.ts";

let sequence = 0;

function message(published: string, payload = "no event"): StoredMessage {
  sequence++;
  return {
    sequence,
    time: 1_700_000_000_000 + sequence,
    subject: storedSubjectOf(published),
    payload: Buffer.from(payload),
  };
}

async function all(log: Log): Promise<readonly QuarantineEntry[]> {
  const entries: QuarantineEntry[] = [];
  for await (const entry of listQuarantine(log)) entries.push(entry);
  return entries;
}

describe.each(logAdapters)("the quarantine ($adapter)", ({ open }) => {
  let logs: OpenLogs;
  beforeAll(async () => {
    logs = await open();
  });
  afterAll(() => logs.close());

  const stored = async (entry: QuarantineEntry) =>
    (await all(logs.quarantine)).find(
      (other) => other.sequence === entry.sequence && other.product === entry.product,
    );

  test("is empty at first", async () => {
    expect(await all(logs.quarantine)).toEqual([]);
  });

  test("keeps a copy once, with the subject as its publisher wrote it", async () => {
    const bad = message("catalog.price.updated.lamp", "{\r\n");
    const entry = entryOf("catalog", bad, "the payload is not JSON");
    expect(await quarantine(logs.quarantine, entry)).toBe("stored");
    expect(await quarantine(logs.quarantine, entry)).toBe("known");
    expect(await stored(entry)).toEqual({
      log: "catalog",
      subject: "catalog.price.updated.lamp",
      sequence: bad.sequence,
      time: bad.time,
      reason: "the payload is not JSON",
      payload: expect.anything(),
    });
    expect(Buffer.from((await stored(entry))?.payload ?? []).toString()).toBe("{\r\n");
  });

  test("lists in the order in which they came", async () => {
    const entries = ["a", "b", "c"].map((name) => entryOf("activity", message(`activity.${name}`), name));
    for (const entry of entries) await quarantine(logs.quarantine, entry);
    const listed = (await all(logs.quarantine)).filter(({ log }) => log === "activity");
    expect(listed.map(({ subject }) => subject)).toEqual(["activity.a", "activity.b", "activity.c"]);
  });

  test("keeps what is bad for one product alone beside what is bad for another", async () => {
    const bad = message("catalog.sale.scheduled.friday");
    const entries = ["lamp", "röd stol"].map((product) =>
      entryOf("catalog", bad, "another currency", id(product)),
    );
    for (const entry of entries) expect(await quarantine(logs.quarantine, entry)).toBe("stored");
    for (const entry of entries) expect(await stored(entry)).toMatchObject({ product: entry.product });
  });

  test.each([
    ["line ends", 'it says "a\r\nNats-Msg-Id: x"\n'],
    ["other scripts", "Größe 見つかりません 💡"],
    ["signs that headers or URIs use", "100% of #1; a=b&c:/?@$+,%20 %zz [x]"],
    ["half a surrogate pair", "cut here: \ud83d"],
    ["a null", "zero\0zero"],
    ["much text", "x".repeat(5_000)],
    ["much text in characters of two halves", `x${"💡".repeat(2_000)}`],
  ])("takes a reason with %s", async (_, reason) => {
    const entry = entryOf("catalog", message("catalog.price.updated.lamp"), reason);
    expect(await quarantine(logs.quarantine, entry)).toBe("stored");
    const { reason: kept = "" } = (await stored(entry)) ?? {};
    expect(kept.length).toBeGreaterThan(0);
    expect(reason.toWellFormed().trim().startsWith(kept.slice(0, 1_900).trim())).toBe(true);
  });

  test("takes what the decoder says of a currency of any length", async () => {
    for (let padding = 1_940; padding < 1_944; padding++) {
      const currency = `${"x".repeat(padding)}${"💡".repeat(60)}`;
      const bad = message(
        "catalog.price.updated.lamp",
        JSON.stringify({ new_price: { amount: 1, currency } }),
      );
      const decoded = decodeEvent(bad);
      const entry = entryOf("catalog", bad, isBad(decoded) ? decoded.reason : "");
      expect(await quarantine(logs.quarantine, entry)).toBe("stored");
    }
  });

  test("marks what was republished, and keeps it", async () => {
    const entry = entryOf("catalog", message("catalog.price.updated.lamp", "bad"), "not JSON");
    await quarantine(logs.quarantine, entry);
    await markRepublished(logs.quarantine, entry, "CATALOG/99");
    expect(await stored(entry)).toMatchObject({ reason: "not JSON", republished: "CATALOG/99" });
    expect(await quarantine(logs.quarantine, entry)).toBe("known");
  });
});
