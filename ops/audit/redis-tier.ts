import { createAnswerDecoder } from "../../api/gateway/answer-text.ts";
import type { AnswerRead, ProductRead, ReadModel } from "../../projections/read-model.ts";
import { sequenceOf, type Versions } from "../../projections/version.ts";
import type { History } from "./history.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { judgeRegisters } from "./judge-registers.ts";
import type { Judgement, Moment } from "./judge.ts";
import type { Tier } from "./tier.ts";

/**
 * The read models as they stand in Redis: the registers, rating and sales of a product at one moment, and the answer
 * that stands ready to be served, where there is one. What is asked for in one turn of the event loop is one command.
 */
export function createRedisTier(
  readModel: Pick<ReadModel, "readProducts" | "readAnswers">,
  versions: Versions,
  now: () => number,
): Tier {
  const decode = createAnswerDecoder(versions);

  /** Who asks for an answer is given none that is past its validity. */
  function judgeStored(
    history: History,
    stored: AnswerRead,
    moment: Moment,
    head: number,
  ): Judgement | undefined {
    const text = stored.answer && decode(history.id, stored.answer);
    if (text === undefined || (text.validUntil !== undefined && moment.answeredAt >= text.validUntil))
      return undefined;
    const { bytes } = text.prepared;
    return judgeAnswer(history, { status: 200, body: bytes, ...moment }, head);
  }

  return {
    kind: "redis",
    name: "redis",
    async ask(id) {
      const askedAt = now();
      try {
        const [[read], [stored]] = await Promise.all([
          readModel.readProducts([id]),
          readModel.readAnswers([id]),
        ]);
        const moment = { askedAt, answeredAt: now() };
        const position = read?.position?.version;
        const claims = position && sequenceOf(position);
        return {
          ...moment,
          claims,
          evidence: { ...(claims !== undefined && { position: claims }) },
          judge(history, head) {
            const registers = judgeRegisters(history, read ?? nothing, moment, head);
            const answer = stored && judgeStored(history, stored, moment, head);
            return answer === undefined ? registers : bothOf(registers, answer);
          },
        };
      } catch {
        const judge = (): Judgement => ({ verdict: "unchecked", reason: "error" });
        return { askedAt, answeredAt: now(), claims: undefined, evidence: {}, judge };
      }
    },
    close() {},
  };
}

const nothing: ProductRead = {
  position: undefined,
  product: undefined,
  price: undefined,
  inventory: undefined,
  rating: undefined,
  sales: undefined,
};

/** What either of them lacks is lacking. */
function bothOf(registers: Judgement, answer: Judgement): Judgement {
  if (registers.verdict !== "placed") return registers;
  if (answer.verdict !== "placed") return answer.verdict === "unchecked" ? registers : answer;
  return {
    verdict: "placed",
    lacks: [...registers.lacks, ...answer.lacks.map((lack) => ({ ...lack, stored: true }))],
    mixed: registers.mixed || answer.mixed,
  };
}
