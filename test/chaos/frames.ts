/**
 * The server's side of a NATS connection cut into frames: a line, or a message with what follows its line.
 * Written apart from the product's own parser, which is among what the trials put to the test.
 */
export interface Frame {
  readonly bytes: Buffer;
  /** The subject of a message. */
  readonly subject: string | undefined;
  /** The reply subject of a message that has one. */
  readonly reply: string | undefined;
}

/** Takes bytes as they come and hands over each frame once it is whole. */
export function createFrameCutter(frame: (frame: Frame) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (;;) {
      const lineEnd = rest.indexOf("\r\n");
      if (lineEnd === -1) return;
      const words = rest.toString("latin1", 0, lineEnd).split(" ");
      const isMessage = words[0] === "MSG" || words[0] === "HMSG";
      const end = lineEnd + 2 + (isMessage ? Number(words.at(-1)) + 2 : 0);
      if (rest.length < end) return;
      // MSG subject sid [reply] bytes; HMSG has the bytes of its headers before the sum.
      const replyAt = words.length === (words[0] === "HMSG" ? 6 : 5) ? 3 : undefined;
      frame({
        bytes: rest.subarray(0, end),
        subject: isMessage ? words[1] : undefined,
        reply: isMessage && replyAt !== undefined ? words[replyAt] : undefined,
      });
      rest = rest.subarray(end);
    }
  };
}
