import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
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

/** Varnish gives each request that it makes a number. */
export function watchOrigins() {
  const asked: { readonly path: string; readonly at: number }[] = [];
  const hear = (message: unknown) => {
    const { url = "", headers } = (message as { readonly request: IncomingMessage }).request;
    if (headers["x-varnish"] !== undefined) asked.push({ path: url, at: Date.now() });
  };
  subscribe("http.server.request.start", hear);
  return {
    all: asked as readonly { readonly path: string; readonly at: number }[],
    near: (at: number, withinMs: number, path: string) =>
      asked.filter((one) => one.path === path && Math.abs(one.at - at) <= withinMs),
    close: () => unsubscribe("http.server.request.start", hear),
  };
}
