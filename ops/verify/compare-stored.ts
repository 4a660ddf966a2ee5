import { createAnswerDecoder } from "../../api/gateway/answer-text.ts";
import { productAnswer } from "./answers.ts";
import { batches } from "./batches.ts";
import type { Comparison } from "./comparison.ts";
import { type Product, shownOf } from "./reference/product.ts";
import { compareJson, type Difference } from "./tally.ts";

/** Answers that stand ready in the read models: what each shows is what the product is now. */
export async function compareStored(comparison: Comparison): Promise<void> {
  const { reference, readModel, versions, tally, patience, now } = comparison;
  const decode = createAnswerDecoder(versions);

  /** Undefined where there is nothing to compare. */
  function differencesOf(product: Product, text: Buffer | undefined): readonly Difference[] | undefined {
    const stored = text && decode(product.id, text);
    if (stored === undefined || stored.newest > reference.head) return undefined;
    if (stored.validUntil !== undefined && now() >= stored.validUntil) return undefined;
    const { id } = product;
    const found = JSON.parse(stored.prepared.bytes.toString()) as Record<string, unknown>;
    const expected = productAnswer(shownOf(product), [], "assembled", now());
    if (expected === undefined) return compareJson("stored", id, undefined, found);
    const named = Object.fromEntries(Object.keys(expected).map((field) => [field, found[field]]));
    return compareJson("stored", id, expected, named);
  }

  for (const products of batches(reference.products.values())) {
    const compared = await patience.until(
      async () => {
        const reads = await readModel.readAnswers(products.map(({ id }) => id));
        return products.map((product, at) => differencesOf(product, reads[at]?.answer));
      },
      (all) => all.every((differences) => differences === undefined || differences.length === 0),
    );
    for (const differences of compared) {
      if (differences === undefined) tally.miss("stored");
      else tally.check("stored", differences);
    }
  }
}
