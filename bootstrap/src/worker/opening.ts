// Waits for a channel that may open, or close, on its way to the worker.

/**
 * Calls one of the two, once.
 *
 * early: messages that were delivered before the channel was seen to be open, in order. Chromium
 * does that where the channel opened between two threads.
 */
export function whenOpen(
  channel: RTCDataChannel,
  failed: () => void,
  opened: (early: MessageEvent<unknown>[]) => void,
): void {
  const early: MessageEvent<unknown>[] = [];
  const settle = (then: typeof opened) => (): void => {
    channel.onopen = channel.onclose = channel.onerror = channel.onmessage = null;
    then(early);
  };
  channel.binaryType = "arraybuffer";
  channel.onmessage = (event: MessageEvent<unknown>) => early.push(event);
  channel.onopen = settle(opened);
  channel.onclose = channel.onerror = settle(failed);
  // Before any event: these come as tasks.
  queueMicrotask(() => {
    if (channel.readyState === "open") settle(opened)();
    else if (channel.readyState !== "connecting") settle(failed)();
  });
}
