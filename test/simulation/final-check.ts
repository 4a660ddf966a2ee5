import { compareQuarantine } from "../../ops/verify/compare-quarantine.ts";
import { compareReadModel } from "../../ops/verify/compare-read-model.ts";
import { createTally, type Difference } from "../../ops/verify/tally.ts";
import type { LogServer } from "./log-server.ts";
import type { Outbox } from "./publisher-process.ts";
import type { Violations } from "./violations.ts";
import type { World } from "./world.ts";

/** Once all is well: every read model and the quarantine beside the reference. */
export async function checkReadModels(
  { truth, redis, log, versions, clock }: World,
  violations: Violations,
): Promise<void> {
  const comparison = {
    reference: truth.reference,
    readModel: redis.model,
    versions,
    tally: createTally(),
    // Nothing is on its way any more.
    patience: { until: <T>(attempt: () => Promise<T>) => attempt() },
    partition: undefined,
    now: clock.now,
  };
  await compareReadModel(comparison);
  const [difference] = comparison.tally.shown;
  if (difference !== undefined) violations.add("read models", told(difference));
  const parked = createTally();
  await compareQuarantine({ ...comparison, tally: parked }, log.quarantine.whole);
  const [unlike] = parked.shown;
  if (unlike !== undefined) violations.add("quarantine", told(unlike));
}

function told({ kind, id, what, expected, found }: Difference): string {
  return `${kind} ${id}, ${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(expected)}`;
}

/**
 * Set arithmetic over message ids: what was acknowledged is in the log, once and where the log said; what is in
 * the log was sent; what was sent and not acknowledged may be there.
 */
export function checkLog({ catalog }: LogServer, outbox: Outbox, violations: Violations): void {
  const found = new Map<string, number>();
  for (const { sequence, headers, payload } of catalog.from(1)) {
    const id = headers?.get("nats-msg-id") ?? "";
    const sent = outbox.attempted.get(id);
    if (sent === undefined || sent.payload !== Buffer.from(payload).toString())
      violations.add("made up", `message ${sequence} was sent by nobody`);
    if (found.has(id))
      violations.add("duplicate", `${id} is in the log at ${found.get(id)} and at ${sequence}`);
    found.set(id, sequence);
  }
  for (const [id, sequence] of outbox.acknowledged) {
    if (found.get(id) !== sequence)
      violations.add(
        "lost",
        `${id} was acknowledged as ${sequence} and is at ${found.get(id) ?? "no place"}`,
      );
  }
}
