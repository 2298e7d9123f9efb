// The body of a response between its head and its reader. If its shell dies meanwhile, or greets anew,
// nothing more comes for it, and whoever reads it then has to learn that.

import type { ReplyPort } from "../messages/sw-worker";
import type { Shell } from "./shells";

/** `port` until a body is read from it. onDeath: of the shell, as the request was handed to it. */
export function unread(port: ReplyPort, shell: Shell, onDeath: Shell["onDeath"]): ReplyPort {
  let isDead = shell.isGone || shell.onDeath !== onDeath;
  const died = (): void => {
    isDead = true;
  };
  const over = (): void => void onDeath.delete(died);
  onDeath.add(died);
  return {
    get onmessage() {
      return port.onmessage;
    },
    set onmessage(listener: ReplyPort["onmessage"]) {
      over();
      port.onmessage = listener;
      if (!isDead || !listener) return;
      // After what has come, which may be the whole of it: that is told in such a turn, too.
      const lost = { kind: "error", error: "lost" } as const;
      queueMicrotask(() => listener(new MessageEvent("message", { data: lost })));
    },
    postMessage: (message) => {
      if (message.kind === "cancel") over();
      port.postMessage(message);
    },
    close: () => {
      over();
      port.close();
    },
  };
}
