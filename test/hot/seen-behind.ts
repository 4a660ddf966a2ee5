import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { Catalogue } from "../../ops/catalogue.ts";

/** What goes on behind the readers: what each node loads of a product, and what the edge asks the nodes for. */

interface Load {
  readonly node: number;
  /** `redis`: its registers; `ready`: its answer as Redis holds it; `log`: an event. */
  readonly from: "redis" | "ready" | "log";
  readonly id: string;
  readonly at: number;
}

export function createLoadsSeen() {
  const loads: Load[] = [];

  function through(catalogue: Catalogue, node: number): Catalogue {
    const note = (from: Load["from"], ids: readonly string[]) => {
      for (const id of ids) loads.push({ node, from, id, at: Date.now() });
    };
    const { readModel, catalog } = catalogue;
    return {
      ...catalogue,
      readModel: {
        ...readModel,
        readProducts(ids) {
          note("redis", ids);
          return readModel.readProducts(ids);
        },
        readAnswers(ids) {
          note("ready", ids);
          return readModel.readAnswers(ids);
        },
      },
      catalog: {
        ...catalog,
        last(subject, from) {
          note("log", [subject.slice(subject.lastIndexOf(".") + 1)]);
          return catalog.last(subject, from);
        },
      },
    };
  }

  return {
    through,
    /** Those of a node, of one product, within so long of a moment. */
    near: (at: number, withinMs: number, id: string, node: number): readonly Load[] =>
      loads.filter((load) => load.id === id && load.node === node && Math.abs(load.at - at) <= withinMs),
    all: loads as readonly Load[],
  };
}

/**
 * Varnish gives each request that it makes a number, and sends its head in one piece. Looked at is what connections bring, since
 * not every request comes to Node's parser.
 */
export function watchOrigins() {
  const asked: { readonly path: string; readonly at: number }[] = [];
  const hear = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    const push = socket.push.bind(socket);
    socket.push = (piece: Buffer | null, encoding) => {
      const text = piece?.toString("latin1") ?? "";
      const [, path] = /^GET (\S+) HTTP\/1\.1\r\n/.exec(text) ?? [];
      if (path !== undefined && /\r\nx-varnish: /i.test(text)) asked.push({ path, at: Date.now() });
      return push(piece, encoding);
    };
  };
  subscribe("net.server.socket", hear);
  return {
    all: asked as readonly { readonly path: string; readonly at: number }[],
    near: (at: number, withinMs: number, path: string) =>
      asked.filter((one) => one.path === path && Math.abs(one.at - at) <= withinMs),
    close: () => unsubscribe("net.server.socket", hear),
  };
}
