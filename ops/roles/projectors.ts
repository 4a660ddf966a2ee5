import { randomUUID } from "node:crypto";
import { createPartitionOwner } from "../../actors/partition-owner.ts";
import { type Supervisor, supervise } from "../../actors/supervisor.ts";
import { createCatalogProjection } from "../../projections/catalog/projection.ts";
import { judgeOnly, type Projection } from "../../projections/projection.ts";
import { createProjector } from "../../projections/projector.ts";
import type { LogName } from "../../streams/subjects.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";

/** The role that keeps the read models true: for each log an owner of partitions and a projector, supervised. */
export interface Projectors {
  stop(): Promise<void>;
}

export function startProjectors(catalogue: Catalogue, logger: Logger): Projectors {
  const now = () => Date.now();
  const projections: Readonly<Record<LogName, () => Projection>> = {
    catalog: () =>
      createCatalogProjection({ ...catalogue, versions: catalogue.versions.catalog, now, journal: logger }),
    activity: () => judgeOnly,
  };
  const supervisors: Supervisor[] = [];
  for (const name of ["catalog", "activity"] as const) {
    let owned: () => ReadonlySet<number> = () => new Set();
    const ownerOf = () => {
      const owner = createPartitionOwner({
        leases: catalogue.leases,
        name,
        member: randomUUID(),
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
        readModel: catalogue.readModel,
        projection: projections[name](),
        versions: catalogue.versions[name],
        epoch: catalogue.epochs[name],
        owned: () => owned(),
        now,
        journal: logger,
      });
      return {
        run: (signal: AbortSignal) => projector.run(signal),
        aliveAt: () => projector.health().aliveAt,
      };
    };
    supervisors.push(
      supervise(`${name} partitions`, ownerOf, { journal: logger, now }),
      supervise(`${name} projector`, projectorOf, { journal: logger, now }),
    );
  }
  return {
    stop: async () => {
      await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
    },
  };
}
