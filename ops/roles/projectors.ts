import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { createPartitionOwner } from "../../actors/partition-owner.ts";
import type { OwnerReport } from "../../actors/projection-status.ts";
import { type Supervisor, supervise } from "../../actors/supervisor.ts";
import { announcing } from "../../projections/announcing.ts";
import { createCatalogProjection } from "../../projections/catalog/projection.ts";
import { judgeOnly, type Projection } from "../../projections/projection.ts";
import { createProjector } from "../../projections/projector.ts";
import { allPartitions } from "../../streams/partition.ts";
import type { LogName } from "../../streams/subjects.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";
import { dueAmong, positionsOf } from "../rebuild/positions.ts";

/** The role that keeps the read models true: for each log an owner of partitions and a projector, supervised. */
export interface Projectors {
  stop(): Promise<void>;
}

export function startProjectors(catalogue: Catalogue, logger: Logger): Projectors {
  const now = () => Date.now();
  const readModel = announcing(catalogue.readModel, catalogue.changes);
  const projections: Readonly<Record<LogName, () => Projection>> = {
    catalog: () =>
      createCatalogProjection({
        ...catalogue,
        readModel,
        versions: catalogue.versions.catalog,
        now,
        journal: logger,
      }),
    activity: () => judgeOnly,
  };
  const supervisors: Supervisor[] = [];
  for (const name of ["catalog", "activity"] as const) {
    const own: Supervisor[] = [];
    // The same in each of the owner's lives, or a former one would be counted until its lease ends.
    const member = randomUUID();
    let owned: () => ReadonlySet<number> = () => new Set();
    let quarantined = () => 0;
    const about = (): string => {
      const restarts = own.reduce((sum, supervisor) => sum + supervisor.restarts, 0);
      const report: OwnerReport = {
        host: hostname(),
        pid: process.pid,
        restarts,
        quarantined: quarantined(),
      };
      return JSON.stringify(report);
    };
    const ownerOf = () => {
      const owner = createPartitionOwner({
        leases: catalogue.leases,
        name,
        member,
        about,
        clock: () => performance.now(),
        journal: logger,
      });
      owned = owner.owned;
      return owner;
    };
    const projectorOf = () => {
      const projector = createProjector({
        name,
        log: catalogue[name],
        quarantine: catalogue.quarantine,
        readModel,
        projection: projections[name](),
        versions: catalogue.versions[name],
        epoch: catalogue.epochs[name],
        owned: () => owned(),
        now,
        journal: logger,
      });
      quarantined = () => projector.health().quarantined;
      return {
        run: (signal: AbortSignal) => projector.run(signal),
        aliveAt: () => projector.health().aliveAt,
      };
    };
    own.push(
      supervise(`${name} partitions`, ownerOf, { journal: logger, now }),
      supervise(`${name} projector`, projectorOf, { journal: logger, now }),
    );
    supervisors.push(...own);
  }
  void tellOfOlderFolds(catalogue, logger);
  return {
    stop: async () => {
      await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
    },
  };
}

/** A new version goes on from where the old one came to; what that one's folds made stays until it is rebuilt. */
async function tellOfOlderFolds({ readModel, versions }: Catalogue, logger: Logger): Promise<void> {
  try {
    const due = dueAmong(await positionsOf(readModel, versions.catalog, allPartitions), versions.catalog);
    if (due.size === 0) return;
    logger.warn({ partitions: due.size }, "older folds made these read models: npx shelfwire rebuild");
  } catch (error) {
    logger.debug({ err: error }, "whether the read models are of this version could not be read");
  }
}
