import { signingKey } from "../identity/issuer.ts";
import { hostileAddresses } from "./addresses.ts";
import { hostileBodies } from "./bodies.ts";
import { hostileHeaders } from "./headers.ts";
import { type Row, request } from "./requests.ts";
import { badTokens, type Target } from "./tokens.ts";
import { hostileWire } from "./wire.ts";
import { known, privatePaths } from "./words.ts";

/** Everything that a hostile client may send, as a table; each row makes any number of samples. */
export function attacks(target: Target): Record<string, Row> {
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const good = `Authorization: Bearer ${target.sign({ ...target.claims, sub: "mallory", exp })}`;
  const tokens = Object.entries(badTokens(target, signingKey("0", "ES256"))).map(([name, make]) => {
    const row: Row = (random) => {
      const path = random.pick([...privatePaths, known, `${known}/price`, "/api/categories"]);
      return request(`GET ${path}`, [`Authorization: Bearer ${make(random)}`], "", [401]);
    };
    return [`token: ${name}`, row] as const;
  });
  return {
    ...Object.fromEntries(tokens),
    ...hostileHeaders(good),
    ...hostileAddresses(),
    ...hostileBodies(good),
    ...hostileWire(good),
  };
}
