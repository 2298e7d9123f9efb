// Waits for a channel that may open, or close, on its way to the worker.

// A box sends one message until it is asked for something.
const EARLY = 16;

/**
 * Calls one of the two, once. `opened` not before the box is `trusted`.
 *
 * early: messages that were delivered before the channel was seen to be open, in order. Chromium
 * does that where the channel opened between two threads.
 */
export function whenOpen(
  channel: RTCDataChannel,
  trusted: Promise<unknown> | undefined,
  failed: () => void,
  opened: (early: MessageEvent<unknown>[]) => void,
): void {
  const early: MessageEvent<unknown>[] = [];
  const settle = (then: typeof opened) => (): void => {
    channel.onopen = channel.onclose = channel.onerror = channel.onmessage = null;
    then(early);
  };
  channel.binaryType = "arraybuffer";
  channel.onmessage = (event: MessageEvent<unknown>) => {
    if (early.push(event) > EARLY) settle(failed)();
  };
  const open = (): void => {
    channel.onopen = null;
    if (!trusted) settle(opened)();
    else void trusted.then(() => channel.onmessage && settle(opened)());
  };
  channel.onopen = open;
  channel.onclose = channel.onerror = settle(failed);
  // Before any event: these come as tasks.
  queueMicrotask(() => {
    if (channel.readyState === "open") open();
    else if (channel.readyState !== "connecting") settle(failed)();
  });
}
