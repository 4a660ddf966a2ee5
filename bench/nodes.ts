import { decodeHeatWord } from "../actors/hot/heat-word.ts";
import type { Target } from "../ops/rehearse/connection.ts";
import type { Broadcast } from "../streams/broadcast.ts";
import { type Service, startActors } from "./services.ts";
import type { Shop } from "./shop.ts";

/** A cluster that looks after hot products: API nodes with one thread each, and the owner of what is hot. */
export const nodeCount = 3;

/** Resolves when the owner is at work and has heard of every node. They end with the shop. */
export async function addNodes(shop: Shop): Promise<readonly (Service & Target)[]> {
  const { heat, hotCallers } = shop.rig.catalogue;
  const nodes: (Service & Target)[] = [];
  while (nodes.length < nodeCount) {
    const node = await shop.addApi({ CACHE_BYTES: "128MB" });
    nodes.push({ ...node, hostname: "127.0.0.1" });
  }
  const speakers = new Set<string>();
  const allSpoke = untilHeard(heat, (bytes) => {
    const word = decodeHeatWord(bytes);
    if (word?.holds === true) speakers.add(word.by);
    return speakers.size === nodeCount;
  });
  // Only an owner at work tells who asks most.
  const owned = untilHeard(hotCallers, () => true);
  shop.add(startActors(shop.rig.servers, {}));
  await Promise.all([allSpoke, owned]);
  return nodes;
}

function untilHeard(words: Broadcast, isIt: (bytes: Uint8Array) => boolean): Promise<void> {
  const heard = Promise.withResolvers<void>();
  const listening = words.listen({
    hear(bytes) {
      if (!isIt(bytes)) return;
      listening.close();
      heard.resolve();
    },
    missed() {},
  });
  return heard.promise;
}
