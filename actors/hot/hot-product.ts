import { type ActorScope, createActor, type SnapshotFrom, type StateValue } from "xstate";
import { machine } from "./hot-machine.ts";
import { type HotEffect, type HotEvent, type HotState, hotValues, settledAt } from "./hot-state.ts";

/**
 * The state machine of one hot product, pure: `decide` turns a state and an event into the next state and what is to be
 * done. The statechart itself is in `hot-machine.ts`.
 */

const nested = new Map(
  hotValues.map((value) => {
    const [outer = "cold", inner] = value.split(".");
    return [value, inner === undefined ? outer : { [outer]: inner }] as const;
  }),
);
const effects: ReadonlySet<string> = new Set<HotEffect>(["load", "push", "cool", "alert", "calm", "warn"]);
const isEffect = (type: string): type is HotEffect => effects.has(type);

/**
 * What a transition needs to know of its surroundings: nothing, but where to put its actions. xstate's own `transition`
 * is this, and makes an actor and a system of actors anew each time, which costs more than the transition does.
 */
const asked: string[] = [];
const scope: ActorScope<SnapshotFrom<typeof machine>, HotEvent> = (() => {
  const self = createActor(machine);
  const nothing = () => {};
  return {
    self,
    system: self.system,
    id: self.id,
    sessionId: self.sessionId,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: ({ type }) => void asked.push(type),
  };
})();

/** `state` is the one given where nothing changed. The effects are in their order. Costs some tens of microseconds. */
export function decide(
  state: HotState,
  event: HotEvent,
): { readonly state: HotState; readonly effects: readonly HotEffect[] } {
  const { value, ...context } = state;
  asked.length = 0;
  const standing = machine.resolveState({ value: nested.get(value) ?? "cold", context });
  const next = machine.transition(standing, event, scope);
  const after = settledAt({ value: flat(next.value), ...next.context }, event.at);
  const isSame = JSON.stringify(after) === JSON.stringify(state);
  return { state: isSame ? state : after, effects: asked.filter(isEffect) };
}

function flat(value: StateValue): HotState["value"] {
  const [outer, inner] = typeof value === "string" ? [value] : (Object.entries(value)[0] ?? []);
  const found = hotValues.find((one) => one === (inner === undefined ? outer : `${outer}.${inner}`));
  if (found === undefined) throw new Error(`the machine is in ${JSON.stringify(value)}, which is no state`);
  return found;
}
