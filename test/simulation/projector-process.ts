import { createPartitionOwner } from "../../actors/partition-owner.ts";
import { supervise } from "../../actors/supervisor.ts";
import { createCatalogProjection } from "../../projections/catalog/projection.ts";
import { createProjector } from "../../projections/projector.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Versions } from "../../projections/version.ts";
import type { Leases } from "../../streams/lease.ts";
import type { Log } from "../../streams/log.ts";
import { silent } from "../projections/projecting.ts";
import type { Clock } from "./clock.ts";
import type { Life, Network } from "./network.ts";
import type { Plan } from "./plan.ts";
import type { Plant } from "./plants.ts";

/** The projector's role as `ops/roles/projectors.ts` wires it, over simulated servers and time. */
export interface ProjectorProcess {
  /** The partitions that it acts for at this moment. */
  owned(): ReadonlySet<number>;
  stop(): Promise<void>;
}

export interface ProjectorProcessOptions {
  readonly life: Life;
  readonly network: Network;
  readonly clock: Clock;
  readonly plan: Plan;
  readonly catalog: Log;
  readonly derived: Log;
  readonly quarantine: Log;
  readonly leases: Leases;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly epoch: number;
  readonly plant: Plant | undefined;
}

export function startProjector(options: ProjectorProcessOptions): ProjectorProcess {
  const { life, network, clock, plan, catalog, leases, plant, versions } = options;
  const now = clock.now;
  const supervised = { journal: silent, now, pause: network.pauseOf(life) };
  const everything = new Set(plan.partitions);
  let leased: () => ReadonlySet<number> = () => new Set();
  let owners = 0;
  let ids = 0;
  const ownerOf = () => {
    const owner = createPartitionOwner({
      leases,
      name: "catalog",
      member: `${life.process}.${life.number}.${owners++}`,
      clock: now,
      pause: supervised.pause,
      journal: silent,
    });
    leased = owner.owned;
    return owner;
  };
  const checked = () => leased().intersection(everything);
  const owned = plan.ownership === "everybody" ? () => everything : (plant?.owned?.(checked) ?? checked);
  const writing = plant?.projector?.({ readModel: options.readModel, versions });
  const readModel = writing?.readModel ?? options.readModel;
  const projectorOf = () => {
    const projection = createCatalogProjection({ ...options, readModel, now, journal: silent });
    const projector = createProjector({
      ...options,
      readModel,
      name: "catalog",
      log: catalog,
      projection: writing?.around(projection) ?? projection,
      owned,
      now,
      sleep: (ms) => network.sleep(life, ms),
      newId: () => `${life.process}.${life.number}.${ids++}`.replaceAll(" ", ""),
      journal: silent,
    });
    return {
      run: (signal: AbortSignal) => projector.run(signal),
      aliveAt: () => projector.health().aliveAt,
    };
  };
  const supervisors = [
    ...(plan.ownership === "leased" ? [supervise("partitions", ownerOf, supervised)] : []),
    supervise("projector", projectorOf, supervised),
  ];
  return {
    owned,
    stop: async () => {
      await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
    },
  };
}
