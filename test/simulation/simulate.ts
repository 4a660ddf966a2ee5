import { spawn } from "node:child_process";
import { join } from "node:path";

/** `npm run simulate` in a process of its own, without the set-up. */
export async function simulate(
  ...args: readonly string[]
): Promise<{ readonly output: string; readonly code: number }> {
  const main = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? -1));
  });
  return { output, code };
}
