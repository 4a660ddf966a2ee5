import { type Identifier, identifierProblem } from "../../streams/identifier.ts";

/** An identifier that the test knows to be one. */
export function id(text: string): Identifier {
  const problem = identifierProblem(text);
  if (problem !== undefined) throw new Error(`${JSON.stringify(text)} ${problem}`);
  return text as Identifier;
}

let made = 0;

/** One that no other test of this process has, for tests that share a server. */
export function freshId(): Identifier {
  return id(`test-${++made}`);
}
