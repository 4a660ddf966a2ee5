import { tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import type { Position, ReadModel } from "../read-model.ts";
import type { RedisConnection } from "./connection.ts";
import { keys, partKeys } from "./keys.ts";
import { readPosition } from "./positions.ts";
import { type ReadLink, readLinkOf } from "./read-link.ts";
import { ratingField } from "./ratings.ts";
import { productField } from "./sales.ts";

/** Stored answers: one MGET gives those of many products with the positions of their partitions, at one moment. */

/** One that is read more often than that is worth its bytes, which are as many as the product's own. */
const secondsToLive = "3600";

/** A key or a command as RESP has it. All of ours are ASCII. */
const word = (text: string) => `$${text.length}\r\n${text}\r\n`;
const command = word("MGET");
const positionWords = allPartitions.map((partition) => word(keys.position("catalog", partition)));

export function redisAnswers(redis: RedisConnection): Pick<ReadModel, "readAnswers" | "putAnswer"> {
  let link: ReadLink | undefined;
  /** As each stood at the last look: it moves far less often than it is read. */
  const known = allPartitions.map(() => ({ text: "", position: undefined as Position | undefined }));

  function positionOf(partition: number, text: string): Position | undefined {
    const last = known[partition];
    if (last?.text === text) return last.position;
    const position = readPosition(text);
    known[partition] = { text, position };
    return position;
  }

  return {
    async readAnswers(ids) {
      if (ids.length === 0) return [];
      if (link === undefined) {
        link = readLinkOf(redis);
        await link.tried;
      }
      /** Which of the positions is whose. */
      const places: (number | undefined)[] = [];
      let count = 0;
      let positions = "";
      let answers = "";
      const placeOf = ids.map((id) => {
        const token = tokenOf(id);
        answers += word(keys.answer(id));
        const partition = partitionOf(token);
        const known = places[partition];
        if (known !== undefined) return known;
        positions += positionWords[partition];
        places[partition] = count;
        return count++;
      });
      const asked = count + ids.length;
      const found = await link.send(`*${1 + asked}\r\n${command}${positions}${answers}`, asked);
      // The client itself may well be connected: all else is read by it.
      if (found === undefined) return ids.map(() => ({ position: undefined, answer: undefined }));
      const read: (Position | undefined)[] = [];
      for (let partition = 0; partition < places.length; partition++) {
        const place = places[partition];
        if (place !== undefined) read[place] = positionOf(partition, found[place]?.toString("latin1") ?? "");
      }
      return placeOf.map((place, at) => ({ position: read[place], answer: found[count + at] ?? undefined }));
    },

    async putAnswer(id, { position, parts }, answer) {
      const own = partKeys(id);
      await redis.putAnswer(
        own.length + 1,
        ...own,
        keys.answer(id),
        position,
        parts,
        ratingField,
        productField(id),
        secondsToLive,
        answer,
      );
    },
  };
}
