import type { NatsConnection } from "nats";
import type { Broadcast } from "../broadcast.ts";

/** A broadcast over core NATS: one subject. A stream may overhear it; who publishes does not wait for that. */
export function openBroadcast(connection: NatsConnection, subject: string): Broadcast {
  return {
    publish(bytes) {
      try {
        connection.publish(subject, bytes);
      } catch {
        // The connection is closed: there is nobody to tell.
      }
    },
    listen(listener) {
      const subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (error !== null) {
            listener.missed();
            return;
          }
          try {
            listener.hear(message.data);
          } catch {
            // Thrown into the client it would end the reading of this link. Anybody may publish.
            listener.missed();
          }
        },
      });
      let open = true;
      void (async () => {
        for await (const { type } of connection.status()) {
          if (!open) return;
          if (type === "disconnect" || type === "reconnect") listener.missed();
        }
      })();
      return {
        close() {
          open = false;
          subscription.unsubscribe();
        },
      };
    },
  };
}
