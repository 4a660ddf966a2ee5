import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { type Leashed, startLeashed } from "../../ops/embedded/leash.ts";
import { findServer } from "../../ops/setup/server-binaries.mjs";
import { pin } from "../rig.ts";

/**
 * The yardstick of what is bought: a row for each product in Debian's PostgreSQL, as its package has it but for the number
 * of connections, with a connection for each buyer over a socket in the file system. The server has the second core.
 */
export interface Postgresql {
  readonly version: string;
  /** Its connections are its children. */
  readonly pid: number;
  /** Whether what is committed is on the disk before its buyer has the answer. */
  synchronousCommit(value: "on" | "off"): Promise<void>;
  /** One unit for one of the buyers, who asks for one at a time. Whether there was one. */
  take(buyer: number, product: string): Promise<boolean>;
  /** Units taken so far, of all products. */
  taken(): Promise<number>;
  /** CPU time so far, of the server and its connections. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export interface PostgresqlSettings {
  readonly products: readonly string[];
  /** Units of each. */
  readonly quantity: number;
  readonly buyers: number;
}

const take = "UPDATE stock SET qty = qty - 1 WHERE id = $1 AND qty >= 1";

/** It does not run as root: then it runs as the user that its package has made. */
const user = "postgres";
const asUser =
  process.getuid?.() === 0 ? ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"] : [];

export async function startPostgresql(settings: PostgresqlSettings): Promise<Postgresql> {
  const { products, quantity, buyers } = settings;
  const folder = mkdtempSync(join(tmpdir(), "shelfwire-bench-postgresql-"));
  const server = await startServer(folder, buyers);
  const clients: Client[] = [];
  const stop = async () => {
    await Promise.all(clients.map((client) => client.end()));
    server.kill("SIGTERM");
    await server.ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const first = await firstConnection(folder, server);
    clients.push(first);
    for (const pid of [server.pid, ...childrenOf(server.pid)]) pin(pid, 1);
    await first.query("CREATE TABLE stock (id text PRIMARY KEY, qty integer NOT NULL)");
    await first.query("INSERT INTO stock SELECT unnest($1::text[]), $2", [products, quantity]);
    await first.query("VACUUM ANALYZE stock");
    while (clients.length < buyers) clients.push(await connect(folder));
    const { rows } = await first.query<{ readonly server_version: string }>("SHOW server_version");
    return {
      version: rows[0]?.server_version.split(" ")[0] ?? "unknown",
      pid: server.pid,
      async synchronousCommit(value) {
        await Promise.all(clients.map((client) => client.query(`SET synchronous_commit TO ${value}`)));
      },
      async take(buyer, product) {
        // A statement with a name is prepared once for each connection.
        const taken = await clients[buyer]?.query({ name: "take", text: take, values: [product] });
        return taken?.rowCount === 1;
      },
      async taken() {
        const sum = await first.query<{ readonly units: string }>(
          "SELECT sum($1 - qty) AS units FROM stock",
          [quantity],
        );
        return Number(sum.rows[0]?.units);
      },
      cpuSeconds: () => [server.pid, ...childrenOf(server.pid)].reduce((sum, pid) => sum + secondsOf(pid), 0),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Its socket and its data are in the folder; it listens nowhere else. */
async function startServer(folder: string, buyers: number): Promise<Leashed> {
  const program = findServer("postgres");
  if (program === undefined) throw new Error("postgres not found: npm run bench installs it");
  const data = join(folder, "data");
  if (asUser.length > 0) {
    const idOf = (which: "-u" | "-g") => Number(execFileSync("id", [which, user], { encoding: "utf8" }));
    chownSync(folder, idOf("-u"), idOf("-g"));
  }
  const [first = "", ...rest] = [...asUser, join(dirname(realpathSync(program)), "initdb")];
  execFileSync(first, [...rest, "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--locale", "C"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const options = [
    "-D",
    data,
    "-k",
    folder,
    "-c",
    "listen_addresses=",
    "-c",
    `max_connections=${buyers + 10}`,
  ];
  return startLeashed({
    command: [...asUser, program, ...options],
    pidFile: join(folder, "leash.pid"),
    logFile: join(folder, "server.log"),
  });
}

async function connect(folder: string): Promise<Client> {
  const client = new Client({ host: folder, user, database: user });
  await client.connect();
  return client;
}

async function firstConnection(folder: string, server: Leashed): Promise<Client> {
  let ended: string | undefined;
  void server.ended.then((reason) => (ended = reason));
  while (ended === undefined) {
    const client = await connect(folder).catch(() => undefined);
    if (client !== undefined) return client;
    await delay(50);
  }
  throw new Error(`postgres ended (${ended}): ${readFileSync(join(folder, "server.log"), "utf8")}`);
}

function childrenOf(pid: number): readonly number[] {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return listed === "" ? [] : listed.split(" ").map(Number);
}

/** To the nanosecond: what each connection takes in a turn is little beside the hundredths of other counters. */
function secondsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e9;
}
