import type { NatsConnection } from "nats";

/** Every request for a message of the log, from any replica or from the leader. */
export interface LogReads {
  /** What was asked since the last look and names this text. */
  about(text: string): Promise<readonly string[]>;
}

export function listenToReads(connection: NatsConnection): LogReads {
  let heard: string[] = [];
  const reads = ["DIRECT.GET.CATALOG", "DIRECT.GET.CATALOG.>", "STREAM.MSG.GET.CATALOG"];
  for (const read of reads) {
    connection.subscribe(`$JS.API.${read}`, {
      callback: (_, message) => {
        heard.push(`${message.subject} ${message.string()}`);
      },
    });
  }
  return {
    async about(text) {
      await connection.flush();
      const since = heard;
      heard = [];
      return since.filter((request) => request.includes(text));
    },
  };
}
