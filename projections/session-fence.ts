import { type Fence, PositionMoved, type ReadModel } from "./read-model.ts";

/**
 * Read models whose fenced writes are refused once the link over which the fence was taken was lost: the server
 * behind the new link may be an older copy of itself, in which the position is the same and what was written
 * behind it a moment ago is not.
 */
export function withinSession(readModel: ReadModel): ReadModel {
  function check({ partition, session }: Fence): void {
    if (session !== undefined && session !== readModel.session()) {
      throw new PositionMoved(`the link over which partition ${partition} was read was lost`);
    }
  }
  return {
    ...readModel,
    async putRegisters(fences, puts) {
      for (const fence of fences) check(fence);
      await readModel.putRegisters(fences, puts);
    },
    async putReviews(fence, puts) {
      check(fence);
      await readModel.putReviews(fence, puts);
    },
    async putRatings(fence, puts) {
      check(fence);
      await readModel.putRatings(fence, puts);
    },
    async putSale(fence, put) {
      check(fence);
      await readModel.putSale(fence, put);
    },
    async putCategoryEvents(fence, events) {
      check(fence);
      await readModel.putCategoryEvents(fence, events);
    },
    async putRows(fence, puts) {
      check(fence);
      return readModel.putRows(fence, puts);
    },
  };
}
