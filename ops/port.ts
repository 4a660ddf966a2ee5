import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** The preferred port of 127.0.0.1 if it is free, else any free one. 0 asks for any. */
export async function freePort(preferred: number): Promise<number> {
  const host = "127.0.0.1";
  try {
    return await bindBriefly({ host, port: preferred });
  } catch {
    return bindBriefly({ host, port: 0 });
  }
}

/** Listens for a moment and returns the port. Throws the system's error where somebody else has it. */
export async function bindBriefly(place: {
  readonly host: string;
  readonly port: number;
  readonly reusePort?: boolean;
}): Promise<number> {
  const server = createServer().listen({ ...place, exclusive: true });
  await once(server, "listening");
  const bound = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return bound.port;
}
