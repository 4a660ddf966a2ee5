/**
 * What one answer for a product without a group takes of the gateway's budget, as `api/gateway/held-answers.ts`
 * counts it: its body, its places in maps, and one name under which it is found, here and by purges.
 */
export const heldBytes = (bodyBytes: number): number => bodyBytes + 1_024 + 300;
