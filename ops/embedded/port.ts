import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** The preferred port of 127.0.0.1 if it is free, else any free one. 0 asks for any. */
export async function freePort(preferred: number): Promise<number> {
  try {
    return await probe(preferred);
  } catch {
    return probe(0);
  }
}

async function probe(port: number): Promise<number> {
  const server = createServer().listen({ port, host: "127.0.0.1", exclusive: true });
  await once(server, "listening");
  const bound = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return bound.port;
}
