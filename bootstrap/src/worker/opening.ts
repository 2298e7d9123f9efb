// Waits for a channel that may open, or close, on its way to the worker.

/** Calls one of the two, once. */
export function whenOpen(channel: RTCDataChannel, failed: () => void, opened: () => void): void {
  channel.binaryType = "arraybuffer";
  const settle = (then: () => void): void => {
    channel.onopen = channel.onclose = channel.onerror = null;
    then();
  };
  channel.onopen = () => settle(opened);
  channel.onclose = channel.onerror = () => settle(failed);
  queueMicrotask(() => {
    if (channel.readyState === "open") channel.onopen?.(new Event("open") as never);
    else if (channel.readyState !== "connecting") channel.onclose?.(new Event("close"));
  });
}
