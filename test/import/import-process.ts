import { importOnlineRetail } from "../../ops/import/online-retail.ts";
import { openLogs } from "./nats-server.ts";

/** An importer in a process of its own, to be killed: `node import-process.ts NATS_URL REPORTS_DIR FILE`. */
const [, , url = "", reportsDir = "", file = ""] = process.argv;
const logs = await openLogs(url);
await importOnlineRetail({
  ...logs,
  files: [file],
  dryRun: false,
  reportsDir,
  progress: { begin() {}, at() {}, end() {} },
  linesPerCheckpoint: 500,
});
await logs.connection.close();
