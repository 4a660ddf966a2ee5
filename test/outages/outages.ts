import { setTimeout as delay } from "node:timers/promises";
import type { ServerName } from "../chaos/system.ts";
import type { World } from "../chaos/world.ts";
import type { ChannelCut } from "./channel-cut.ts";

/** What is taken away from a catalogue under load. */
export interface Outage {
  readonly name: string;
  /** For the report. */
  readonly story: string;
  /** Resolves when all of it is undone and the server answers again. `ms`: how long, where it has a length. */
  strike(world: World, ms: number, channel: ChannelCut): Promise<void>;
}

async function pause(world: World, server: ServerName, ms: number): Promise<void> {
  if (!world.signal(server, "SIGSTOP")) throw new Error(`${server} does not run`);
  try {
    await delay(ms);
  } finally {
    world.signal(server, "SIGCONT");
  }
  await world.untilAnswers(server);
}

async function kill(world: World, server: ServerName): Promise<void> {
  if (!world.signal(server, "SIGKILL")) throw new Error(`${server} does not run`);
  await world.untilAnswers(server);
}

export const outages: readonly Outage[] = [
  {
    name: "flush",
    story: "FLUSHALL",
    strike: async ({ catalogue }) => {
      await catalogue.redis.flushall();
    },
  },
  {
    name: "redis-pause",
    story: "SIGSTOP of redis-server, then SIGCONT",
    strike: (world, ms) => pause(world, "redis", ms),
  },
  {
    name: "redis-kill",
    story: "kill -9 of redis-server, which its supervisor starts again",
    strike: (world) => kill(world, "redis"),
  },
  {
    name: "nats-pause",
    story: "SIGSTOP of nats-server, then SIGCONT; publishers try again under the same message ids",
    strike: (world, ms) => pause(world, "nats", ms),
  },
  {
    name: "nats-kill",
    story: "kill -9 of nats-server, which its supervisor starts again",
    strike: (world) => kill(world, "nats"),
  },
  {
    name: "channel-cut",
    story: "no word on `changes.catalog` reaches any process, while every connection stays up",
    async strike(_, ms, channel) {
      channel.begin();
      await delay(ms);
      channel.end();
      if (channel.count() === 0) throw new Error("nothing was said on the channel that was cut");
    },
  },
];
