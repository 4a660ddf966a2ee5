import type { Pause } from "../../actors/pause.ts";
import type { Random } from "../../ops/demo/random.ts";
import type { Clock } from "./clock.ts";
import type { Effect, Fault, ServerName } from "./plan.ts";
import type { Tell } from "./story.ts";

/**
 * What lies between processes and servers: every call leaves, is carried out and is answered at moments of its
 * own, so everything else can happen in between, and a process can end at each await it has.
 *
 * A process that ended never hears again: its promises stay open and are forgotten. What it had sent may still
 * be carried out.
 */

/** One life of a process, from its start to its end. */
export interface Life {
  readonly process: string;
  readonly number: number;
  alive: boolean;
  /** While it stands still nothing of it runs; what it waits for is there afterwards, in order. */
  frozen: boolean;
  readonly held: (() => void)[];
  /** How often its connection to Redis broke. */
  linksLost: number;
  /** When the last command on its connection is carried out, and answered. */
  busyUntil: number;
  answeredUntil: number;
  readonly endings: (() => void)[];
}

export interface Server {
  readonly name: ServerName;
  downUntil: number;
  /** How often it was started anew: what was sent to an earlier one is lost. */
  life: number;
  /** One connection carries its commands out in their order. */
  readonly ordered: boolean;
  /** How long a caller waits while it is away. */
  patienceMs(call: string): number;
  failure(call: string, reason: string): Error;
}

export interface Network {
  /** Carries out the commands of one call, in order, and answers with what each gave, or with the first error. */
  ask(
    life: Life,
    server: Server,
    call: string,
    commands: readonly (() => unknown)[],
    torn?: boolean,
  ): Promise<readonly unknown[]>;
  /** Whether others come between the commands of the next call. */
  tears(): boolean;
  later(life: Life, moment: number, run: () => void): void;
  sleep(life: Life, ms: number): Promise<void>;
  pauseOf(life: Life): Pause;
  latency(): number;
  /** No more faults from here on. */
  heal(): void;
}

export interface NetworkOptions {
  readonly clock: Clock;
  readonly noise: Random;
  readonly latencyMsMax: number;
  readonly startedAt: number;
  readonly faults: readonly Fault[];
  /** What lands late has landed by then. */
  readonly healAt: number;
  readonly die: (life: Life, downMs: number) => void;
  readonly tell: Tell | undefined;
}

export function createNetwork(options: NetworkOptions): Network {
  const { clock, noise, latencyMsMax, startedAt, healAt, die, tell } = options;
  const armed = new Map<string, { readonly from: number; left: number; readonly effect: Effect }[]>();
  for (const fault of options.faults) {
    if (fault.kind !== "call") continue;
    const key = `${fault.process} ${fault.server}`;
    const one = { from: startedAt + fault.at, left: fault.skip, effect: fault.effect };
    armed.set(key, [...(armed.get(key) ?? []), one]);
  }
  let healed = false;

  const latency = () => 0.1 + noise.next() * latencyMsMax;

  function effectOn(process: string, server: ServerName): Effect | undefined {
    const list = armed.get(`${process} ${server}`);
    if (healed || list === undefined) return undefined;
    const now = clock.now();
    const at = list.findIndex((one) => one.from <= now && one.left-- === 0);
    return at < 0 ? undefined : list.splice(at, 1)[0]?.effect;
  }

  function later(life: Life, moment: number, run: () => void): void {
    clock.at(moment, () => {
      if (!life.alive) return;
      if (life.frozen) life.held.push(() => later(life, clock.now(), run));
      else run();
    });
  }

  /** Carries commands out at a moment, or when the server is back; `answer` hears when they are done. */
  function carryOut(
    moment: number,
    server: Server,
    commands: readonly (() => unknown)[],
    torn: boolean,
    answer: (results: Promise<readonly unknown[]>) => void,
    refuse: (reason: string) => void,
    patientUntil: number,
  ): void {
    const connection = server.life;
    clock.at(moment, () => {
      if (clock.now() < server.downUntil) {
        if (server.downUntil > patientUntil) clock.at(patientUntil, () => refuse("no answer"));
        else carryOut(server.downUntil + latency(), server, commands, torn, answer, refuse, patientUntil);
        return;
      }
      const results: unknown[] = [];
      const next = (at: number): void => {
        if (server.ordered && server.life !== connection) {
          refuse("the connection was closed");
          return;
        }
        for (let index = at; index < commands.length; index++) {
          results.push(commands[index]?.());
          if (torn && index + 1 < commands.length) {
            clock.at(clock.now() + latency(), () => next(index + 1));
            return;
          }
        }
        answer(Promise.all(results));
      };
      next(0);
    });
  }

  function ask(
    life: Life,
    server: Server,
    call: string,
    commands: readonly (() => unknown)[],
    torn = false,
  ): Promise<readonly unknown[]> {
    const effect = effectOn(life.process, server.name);
    const issued = clock.now();
    const connection = server.life;
    if (effect !== undefined) tell?.(life.process, `${call} on ${server.name}: ${effect.what}`);
    return new Promise((resolve, reject) => {
      const refuse = (reason: string) =>
        later(life, clock.now(), () => {
          if (server.ordered) life.linksLost++;
          reject(server.failure(call, reason));
        });
      const hear = (results: Promise<readonly unknown[]>) => {
        const moment = Math.max(clock.now() + latency(), server.ordered ? life.answeredUntil : 0);
        if (server.ordered) life.answeredUntil = moment;
        const heard = (act: () => void) =>
          later(life, moment, () => {
            if (server.ordered && server.life !== connection) refuse("the connection was closed");
            else act();
          });
        results.then(
          (values) => heard(() => resolve(values)),
          (error: unknown) => heard(() => reject(error as Error)),
        );
      };
      const unheard = (results: Promise<readonly unknown[]>) => {
        results.catch(() => {});
      };
      let moment = issued + latency();
      let sent = commands;
      let answer = hear;
      switch (effect?.what) {
        case "die before":
          die(life, effect.downMs);
          return;
        case "die between":
        case "die after":
          if (effect.what === "die between") sent = commands.slice(0, effect.commands);
          answer = (results) => {
            unheard(results);
            if (life.alive) die(life, effect.downMs);
          };
          break;
        case "lose request":
          later(life, issued + effect.timeoutMs, () => refuse("timed out"));
          return;
        case "lose answer":
        case "land late":
          later(life, issued + effect.timeoutMs, () => refuse("timed out"));
          answer = unheard;
          if (effect.what === "land late") {
            const landing = Math.max(issued, Math.min(issued + effect.afterMs, healAt));
            carryOut(landing, server, sent, torn, unheard, () => {}, landing);
            return;
          }
          break;
        case "carry out twice":
          carryOut(moment + latency(), server, sent, torn, unheard, () => {}, moment);
          break;
        case "slow":
          moment = issued + effect.ms;
          break;
      }
      if (server.ordered) {
        moment = Math.max(moment, life.busyUntil);
        life.busyUntil = moment;
      }
      carryOut(
        moment,
        server,
        sent,
        torn,
        answer,
        refuse,
        Math.max(moment, issued + server.patienceMs(call)),
      );
    });
  }

  const sleep = (life: Life, ms: number) =>
    new Promise<void>((resolve) => later(life, clock.now() + ms, resolve));

  return {
    ask,
    tears: () => noise.next() < 0.1,
    later,
    sleep,
    pauseOf: (life) => (ms, signal) =>
      new Promise((resolve) => {
        const done = () => {
          signal.removeEventListener("abort", done);
          resolve();
        };
        if (signal.aborted) done();
        else {
          signal.addEventListener("abort", done);
          later(life, clock.now() + ms, done);
        }
      }),
    latency,
    heal() {
      healed = true;
    },
  };
}
