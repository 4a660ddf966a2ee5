import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { type Bought, buyFor } from "../buying.ts";
import { cpuSecondsOf } from "../cpu-seconds.ts";
import { productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { median } from "../rig.ts";
import { benchSecret, startActors } from "../services.ts";
import { openShop } from "../shop.ts";
import { publicSubject } from "../../streams/subjects.ts";

/**
 * The same product bought through HTTP: a quote, and a reservation with a key, of a user who has bought nothing yet, since an
 * account is limited. One API process with one thread, and the keepers in another process, share the second core.
 */
export async function stockThroughHttp(turns: number, turnMs: number): Promise<readonly Row[]> {
  const shop = await openShop(1);
  try {
    const product = productId(0);
    const stock = Buffer.from(JSON.stringify({ new_quantity: 1_000_000_000 }));
    await shop.rig.catalogue.catalog.append(publicSubject("inventory.changed", product), stock);
    const api = await shop.addApi({ CACHE_BYTES: "128MB" });
    const keepers = shop.add(startActors(shop.rig.servers, {}));
    const agent = new Agent({ keepAlive: true, maxSockets: buyers });
    let users = 0;
    async function buy(): Promise<boolean> {
      const user = `buyer-${++users}`;
      const ask = (path: string, body: object) => post({ agent, port: api.port, user }, path, body);
      const quoted = await ask("/api/checkout/quotes", { items: [{ product_id: product, quantity: 1 }] });
      if (quoted.status !== 200) throw new Error(`a quote was answered with ${quoted.status}`);
      const { quote } = JSON.parse(quoted.body) as { quote: string };
      const { status } = await ask("/api/checkout/reservations", { quote });
      return status === 201;
    }
    while (!(await buy()));
    const pids = [api.pid, keepers.pid, shop.rig.pids.nats ?? 0];
    const bought: Bought[] = [];
    for (let turn = -1; turn < turns; turn++) {
      const measured = await buyFor({ buyers, ms: turnMs, buy, serverCpu: () => cpuSecondsOf(pids) });
      if (turn >= 0) bought.push(measured);
    }
    agent.destroy();
    const of = (pick: (one: Bought) => number) => median(bought.map(pick));
    return [
      {
        name: `stock, one product through HTTP, ${buyers} buyers`,
        ours: `${Math.round(of(({ perSecond }) => perSecond)).toLocaleString("en")} quotes and reservations/s, p50 ${of(({ p50 }) => p50).toFixed(0)} ms, p99 ${of(({ p99 }) => p99).toFixed(0)} ms`,
        yardstick: "",
        ratio: "",
        wanted: "reported",
        note: `CPU of one: API, keepers and nats-server ${(1e6 * of(({ serverCpu, units }) => serverCpu / units)).toFixed(0)} µs`,
      },
    ];
  } finally {
    await shop.close();
  }
}

const buyers = 64;

interface From {
  readonly agent: Agent;
  readonly port: number;
  readonly user: string;
}

interface Answered {
  readonly status: number;
  readonly body: string;
}

/** `Idempotency-Key` is of no use to a quote, and does no harm. */
function post({ agent, port, user }: From, path: string, body: object): Promise<Answered> {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = {
    authorization: `Bearer ${tokenOf(user)}`,
    "content-type": "application/json",
    "content-length": bytes.length,
    "idempotency-key": "the only one",
  };
  return new Promise((resolve, reject) => {
    const asked = request({ agent, port, path, method: "POST", headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    asked.on("error", reject);
    asked.end(bytes);
  });
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const head = encoded({ alg: "HS256", typ: "JWT" });

/** Good for an hour. */
function tokenOf(user: string): string {
  const text = `${head}.${encoded({ sub: user, exp: Math.floor(Date.now() / 1_000) + 3_600 })}`;
  return `${text}.${createHmac("sha256", benchSecret).update(text).digest("base64url")}`;
}
