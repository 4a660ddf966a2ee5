/** What a person should read is one line that says what to do. */
export class SetUpError extends Error {
  name = "SetUpError";
}

/** Messages go to stderr: stdout belongs to the data of the command that follows. */
export function say(line) {
  process.stderr.write(`shelfwire: ${line}\n`);
}

/** The line of a failed program's output that a person would look for. */
export function reasonIn(output) {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^(npm (error|ERR!)( code)?|E:|Error:)\s*/, "").trim())
    .filter((line) => line !== "" && !line.includes("A complete log of this run"));
  return lines.slice(0, 2).join("; ") || "it gave no reason";
}
