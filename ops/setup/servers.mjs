import { existsSync } from "node:fs";
import { run } from "./run.mjs";
import { findServer, overrideOf } from "./server-binaries.mjs";
import { reasonIn, SetUpError, say } from "./words.mjs";

/** Servers from the system's own package manager: apt-get on Linux, brew on macOS. */

export function installServers(names) {
  for (const name of names) {
    const override = process.env[overrideOf(name)];
    if (override) throw new SetUpError(`${overrideOf(name)}=${override}: must be a program that can be run`);
  }
  const what = names.join(" and ");
  if (isThere("apt-get")) withApt(names, what);
  else if (isThere("brew")) withBrew(names, what);
  else
    throw new SetUpError(
      `${what} not found, and neither apt-get nor brew is here to install it: install it, or set ${names.map(overrideOf).join(" and ")}`,
    );
  const missing = names.filter((name) => findServer(name) === undefined);
  if (missing.length > 0)
    throw new SetUpError(`${missing.join(" and ")} still not found after the installation`);
}

const isThere = (program) => run("sh", ["-c", `command -v ${program}`]).ok;

/** Where a server's package, or what it starts, is not named after its program. */
const packages = { varnishd: ["varnish", "varnish-modules"], postgres: ["postgresql"] };
const services = { varnishd: ["varnish", "varnishncsa"], postgres: ["postgresql"] };

function withApt(names, what) {
  const wanted = names.flatMap((name) => packages[name] ?? name);
  const byHand = `sudo apt-get install ${wanted.join(" ")}`;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !run("sudo", ["-n", "true"]).ok) {
    throw new SetUpError(`${what} not found: install it with \`${byHand}\`, then start again`);
  }
  const asRoot = (...command) => {
    const [program, ...args] = isRoot ? command : ["sudo", "-n", ...command];
    return run(program, args);
  };
  say(`installing ${what} (apt-get)`);
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq"];
  // A list that cannot be refreshed does not matter as long as the packages can be had.
  asRoot(...apt, "update");
  const { ok, output } = asRoot(...apt, "install", "-y", "--no-install-recommends", ...wanted);
  if (!ok) throw new SetUpError(`${what} could not be installed (${reasonIn(output)}): try \`${byHand}\``);
  // Debian starts a server that it has installed, on the port that the embedded one would take.
  for (const name of names.flatMap((name) => services[name] ?? name)) {
    if (existsSync("/run/systemd/system")) asRoot("systemctl", "disable", "--now", name);
    else if (existsSync(`/etc/init.d/${name}`)) asRoot("service", name, "stop");
  }
}

function withBrew(names, what) {
  if (names.includes("varnishd"))
    throw new SetUpError(
      "varnishd not found: brew has no package of its modules; install Varnish 7 with varnish-modules",
    );
  if (names.includes("postgres"))
    throw new SetUpError("postgres not found: install a PostgreSQL, or set POSTGRES_BIN to its program");
  say(`installing ${what} (brew)`);
  const { ok, output } = run("brew", ["install", "--quiet", ...names.map((name) => formulas[name])]);
  if (!ok) throw new SetUpError(`${what} could not be installed (${reasonIn(output)})`);
}

const formulas = { "nats-server": "nats-server", "redis-server": "redis" };
