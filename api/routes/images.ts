import type { FastifyInstance } from "fastify";
import { send } from "../answer.ts";
import { cachePolicies } from "../cache-policy.ts";
import { ownTagHeaders } from "../cache-tags.ts";
import { drawProductImage, imageHash } from "../image.ts";
import { identifierParameter } from "../parameters.ts";
import { Problem } from "../problems.ts";
import type { RouteContext } from "./context.ts";

/** `GET /images/{id}/{hash}.svg`: the demo catalogue's product images, drawn from the identifier alone. */
export function imageRoutes(server: FastifyInstance, context: RouteContext): void {
  server.get<{ Params: { id: string; file: string } }>("/images/:id/:file", async (request, reply) => {
    const id = identifierParameter("id", request.params.id);
    if (request.params.file !== `${imageHash(id)}.svg`) {
      throw new Problem("unknown-image", `the image of "${id}" has another name`);
    }
    const answer = {
      policy: cachePolicies.image,
      body: drawProductImage(id),
      tags: ownTagHeaders(id),
      contentType: "image/svg+xml",
    };
    return send(request, reply, answer, context.now());
  });
}
