import type { Answering, Asking } from "../../streams/asking.ts";
import { tokenOf } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { StockKeeper } from "./keeper.ts";
import type { StockPort } from "./stock-port.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  type StockAnswer,
  type StockQuestion,
} from "./stock-words.ts";

/** Asking the keeper of a partition's stock from any process of the cluster, and answering for it. */

/** Longer than a keeper lets anybody wait for his turn, and a commit is on its way. */
const deadlineMs = 3_000;

/** No subject of the stream STOCK: questions are not kept. */
const topicOf = (partition: number): string => `stock-keeper.${partition}`;

export function askStock(asking: Asking): StockPort {
  async function ask(partition: number, question: StockQuestion): Promise<StockAnswer | undefined> {
    const answer = decodeAnswer(await asking.ask(topicOf(partition), encodeQuestion(question), deadlineMs));
    if (answer !== undefined && "unavailable" in answer) throw new LogUnavailable(answer.unavailable);
    return answer;
  }

  const strange = (partition: number) =>
    new LogUnavailable(`the keeper of stock ${partition} gave an answer that is none`);

  return {
    async hold(partition, request) {
      const answer = await ask(partition, { hold: request });
      if (answer === undefined || !("hold" in answer)) throw strange(partition);
      return answer.hold;
    },
    async end(partition, end) {
      const answer = await ask(partition, { end });
      if (answer === undefined || !("end" in answer)) throw strange(partition);
    },
  };
}

/** Who answers for the stock of a partition. */
export interface StockAnswering extends Pick<StockKeeper, "hold" | "end"> {
  /** Whether the partition is kept here at this moment. Who has lost it leaves holds to the one who has it. */
  isOurs(): boolean;
}

/** Until it is closed. What is no question, or is about products that are kept elsewhere, has no answer. */
export function answerStock(
  asking: Asking,
  partition: number,
  keeper: StockAnswering,
  journal: Journal,
): Answering {
  async function answerTo(question: StockQuestion): Promise<StockAnswer> {
    try {
      if ("hold" in question) return { hold: await keeper.hold(question.hold) };
      await keeper.end(question.end);
      return { end: "done" };
    } catch (error) {
      if (error instanceof LogUnavailable) return { unavailable: error.message };
      journal.error({ partition, err: error }, "a question about stock could not be answered");
      throw error;
    }
  }

  return asking.answer(topicOf(partition), async (bytes) => {
    const question = decodeQuestion(bytes);
    if (question === undefined || !isKeptIn(partition, question)) return undefined;
    if ("hold" in question && !keeper.isOurs()) return undefined;
    return encodeAnswer(await answerTo(question));
  });
}

/** Two keepers of one product would each have all of its stock to give. */
function isKeptIn(partition: number, question: StockQuestion): boolean {
  if (!("hold" in question)) return true;
  return question.hold.lines.every(({ product }) => partitionOf(tokenOf(product)) === partition);
}
