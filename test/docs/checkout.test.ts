import { hmac, jws } from "../api/identity/issuer.ts";
import { runsAsWritten } from "./page.ts";

const secret = "a secret of more than thirty-two bytes";
const claims = { sub: "ann", exp: Math.floor(Date.now() / 1_000) + 3_600 };

runsAsWritten("docs/checkout.md", {
  settings: { JWT_SECRET: secret },
  variables: { TOKEN: jws({ alg: "HS256" }, claims, hmac(secret)) },
});
