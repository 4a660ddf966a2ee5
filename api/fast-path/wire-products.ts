import type { Server } from "node:http";
import { dateOf } from "../answer.ts";
import type { Entrance } from "../entrance.ts";
import type { Served } from "../gateway/served.ts";
import { productEndpoint } from "../heat/observing.ts";
import type { RateLimit } from "../heat/rate-limit.ts";
import type { Refusal } from "../refusal.ts";
import { type Taken, takeOffTheWire } from "./off-the-wire.ts";
import { type Plain, productAt } from "./plain.ts";
import { headText, inOnePieceMax, productHead } from "./product-head.ts";
import { addressIn } from "./request-head.ts";
import { createSentTexts } from "./sent-texts.ts";
import type { ShortWayOptions } from "./short-way.ts";

/**
 * Plain requests for one product, answered off the wire with the same bytes and headers as by their route: from the
 * gateway's cache at once, else behind the admission, from Redis or as the gateway loads it. To Node is left what the
 * short ways leave to the routes, and who is refused for asking too much.
 */
export interface WireProductsOptions extends ShortWayOptions {
  readonly entrance: Entrance;
  /** What those are told whom the admission refuses. */
  readonly overloaded: Refusal;
  readonly rateLimit: RateLimit | undefined;
}

type Product = Pick<Plain, "id" | "view">;

/** To be called when all that listens to the server's requests does so. */
export function serveOffTheWire(server: Server, options: WireProductsOptions): void {
  const { gateway, readiness, entrance, overloaded, rateLimit } = options;
  const { stream, edge, now, heat, addressOf, journal } = options;
  const texts = createSentTexts();

  const callerOf = ({ socket, fields: { headers } }: Taken) => addressOf({ socket, headers });
  const isRefused = (request: Taken): boolean =>
    rateLimit?.refusesAny() === true && rateLimit.refuses(callerOf(request));

  /** Is counted behind the answer, so that the reader does not wait for it. */
  function answer(request: Taken, product: Product, served: Served): void {
    if (send(request, product, served, now())) heat.asked(callerOf(request), productEndpoint, product.id);
  }

  function send(request: Taken, product: Product, served: Served, at: number): boolean {
    const { validator } = request.fields;
    const asked = { id: product.id, served, unpurged: edge.isShort, now: at };
    const mayRecur = served.source === "memory" && validator === undefined && request.goesOn;
    const sent = mayRecur ? texts.find(asked) : undefined;
    if (sent !== undefined) return request.answer(sent);
    const { status, headers } = productHead({ ...product, validator }, served, stream, asked.unpurged, at);
    const head = headText(status, headers) + request.headEnd;
    const { bytes } = served.prepared;
    if (status === 304) return request.answer(head);
    if (bytes.length > inOnePieceMax) return request.answer(head, bytes);
    const text = head + bytes.toString("latin1");
    if (mayRecur) texts.keep(asked, text);
    return request.answer(text);
  }

  function load(request: Taken, product: Product): void {
    let isStarted = false;
    let isIn = false;
    const begin = () => gateway.product(product.id, product.view, give, fail);
    const left = entrance.enter({
      telling: true,
      start() {
        isStarted = true;
        if (isIn) begin();
      },
      refuse() {
        const headers = [...overloaded.headers, "date", dateOf(now())];
        request.answer(headText(overloaded.status, headers) + request.headEnd, overloaded.body);
      },
    });
    isIn = true;
    // Named first: V8 makes a function that is written straight into a property in the old generation, with all that it sees.
    const leave = () => {
      if (!isStarted) left();
    };
    request.onGone = leave;

    function give(served: Served | undefined): void {
      if (served === undefined) {
        fail();
        return;
      }
      guarded(() => answer(request, product, served));
      left();
    }
    /** The routes say what there is to say. */
    function fail(): void {
      left();
      guarded(() => request.leave());
    }
    /** Nobody above would hear of an error: what calls back here has other readers to answer. */
    function guarded(call: () => void): void {
      try {
        call();
      } catch (error) {
        journal.error({ err: error, url: addressIn(request.line) }, "an answer could not be sent");
        request.socket.destroy();
      }
    }
    if (isStarted) begin();
  }

  // What is taken is nothing to Node, which would take its connection for one that rests.
  readiness.onDraining = takeOffTheWire(server, (request) => {
    const product = readiness.draining ? undefined : productAt(addressIn(request.line));
    if (product === undefined || isRefused(request)) return false;
    const served = gateway.held(product.id, product.view);
    if (served !== undefined) answer(request, product, served);
    else load(request, product);
    return true;
  });
}
