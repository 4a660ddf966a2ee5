import type { Body, Reply } from "./asking.ts";
import { note, nothingSeen, type Seen } from "./seen.ts";

/**
 * What each node has shown, over all its connections: an answer that was asked for after another one had come must
 * show no value older than that one did.
 */
export interface Sightings {
  see(reply: Reply): void;
  /** What went back, in answers of full worth and in answers marked as degraded. */
  readonly wentBack: Seen;
  readonly wentBackDegraded: Seen;
}

/** A version of a value, and when the answer that first showed it had come. */
interface Sighting {
  readonly version: number;
  readonly at: number;
  readonly by: string;
}

/** More than one answer takes. */
const rememberedMs = 30_000;

export function createSightings(): Sightings {
  /** By node and value, each newer than the one before it. */
  const shown = new Map<string, Sighting[]>();
  const wentBack = nothingSeen();
  const wentBackDegraded = nothingSeen();

  function hold(reply: Reply, value: string, version: number): void {
    const { node, lane, path, tier, began, ended, body } = reply;
    const key = `${node} ${value}`;
    let sightings = shown.get(key);
    if (sightings === undefined) shown.set(key, (sightings = []));
    const before = sightings.findLast(({ at }) => at < began);
    if (before !== undefined && version < before.version) {
      const seen = body?.degraded === true ? wentBackDegraded : wentBack;
      const story =
        `${value} on ${node}: ${version} from ${tier} by ${path} on lane ${lane}, asked for at ${began.toFixed(1)} and here at ` +
        `${ended.toFixed(1)}, after ${before.version} ${before.by} at ${before.at.toFixed(1)}`;
      note(seen, value.slice(0, value.indexOf(" ")), story);
    }
    if (version <= (sightings.at(-1)?.version ?? 0)) return;
    sightings.push({ version, at: ended, by: `from ${tier} by ${path} on lane ${lane}` });
    while ((sightings[1]?.at ?? ended) < ended - rememberedMs) sightings.shift();
  }

  return {
    wentBack,
    wentBackDegraded,
    see(reply) {
      for (const [value, version] of versionsIn(reply)) hold(reply, value, version);
    },
  };
}

type Versions = Iterable<readonly [value: string, version: number]>;

/** Every version in an answer, under the name of its value. */
export function* versionsIn({ path, body }: Reply): Versions {
  if (body === undefined) return;
  const [, , resource, name = "", part] = path.split(/[/?]/);
  if (resource === "categories") {
    if (part === "products") yield* body.items?.flatMap((item) => [...valuesIn(item)]) ?? [];
    else yield* categoriesIn(body);
  } else if (part === "reviews") {
    yield [`reviews ${name}`, Math.max(0, ...(body.reviews ?? []).map(({ version }) => version))];
  } else if (body.items !== undefined) {
    for (const item of body.items) yield* productIn(item, "product");
  } else if (body.id === undefined) {
    yield* valuesIn({ ...body, id: name });
  } else {
    yield* productIn(body, part === "view=details" ? "details" : "product");
  }
}

function* productIn(body: Body, view: string): Versions {
  if (body.version !== undefined) yield [`${view} ${body.id}`, body.version];
  yield* valuesIn(body);
  for (const variant of body.variants ?? []) yield* valuesIn(variant);
}

function* valuesIn({ id, price, inventory }: Body): Versions {
  if (price) yield [`price ${id}`, price.version];
  if (inventory) yield [`stock ${id}`, inventory.version];
}

function* categoriesIn({ id, version, categories, children }: Body): Versions {
  if (id !== undefined && version !== undefined) yield [`category ${id}`, version];
  for (const each of [...(categories ?? []), ...(children ?? [])]) yield* categoriesIn(each);
}
