import { parseArgs } from "node:util";
import { faults } from "./faults.ts";
import { runTrial } from "./trial.ts";
const { values } = parseArgs({ options: { fault: { type: "string" }, trials: { type: "string", default: "3" }, seed: { type: "string", default: "1" }, harm: {type:"string", default: "5000"} } });
for (const fault of faults) {
  if (values.fault !== undefined && fault.name !== values.fault) continue;
  for (let t = 0; t < Number(values.trials); t++) {
    const r = await runTrial({ fault, seed: Number(values.seed) + t, harmMs: Number(values.harm), importFiles: [] });
    console.log(JSON.stringify(r));
  }
}
