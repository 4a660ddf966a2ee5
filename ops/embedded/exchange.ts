import { createConnection } from "node:net";

/**
 * One request to a server of 127.0.0.1 in its own text protocol, and what it answers up to `isEnough`.
 * Undefined when it does not listen, closes, or stays silent for two seconds: not ready, in short.
 *
 * The servers' clients are not used here: they retry and reconnect, and a probe wants to know about now.
 */
export function exchange(
  port: number,
  request: string,
  isEnough: (answer: string) => boolean,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = createConnection({ port, host: "127.0.0.1", timeout: 2_000 }, () => socket.write(request));
    socket.setEncoding("latin1");
    socket.on("data", (text) => {
      answer += text;
      if (!isEnough(answer)) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve(undefined));
  });
}
