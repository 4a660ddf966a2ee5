import type { ServerName } from "../system.ts";
import type { World } from "../world.ts";

/** Begins an outage of a server that was taken away; resolves, with the outage over, when it answers again. */
export async function outageOf(world: World, server: ServerName): Promise<void> {
  const end = world.outages.begin(server);
  await world.untilAnswers(server);
  end();
}
