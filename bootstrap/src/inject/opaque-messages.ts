// A page with an opaque origin stands in a frame of its own within a page that can be reached. To the page
// that shows it, both are one: it sees the window of the former, and the two speak without the latter.

const INNER = Symbol.for("p2claw.opaque");

/** This page stands in place of one with an opaque origin, whose frame is still to come. */
export function standIn(): void {
  Reflect.set(window, INNER, null);
}

/**
 * The window of the page with an opaque origin that `shown` stands for; null until it is there, and
 * undefined where `shown` stands for itself.
 */
export function opaqueWithin(shown: Window | null): Window | null | undefined {
  try {
    return shown ? (Reflect.get(shown, INNER) as Window | null | undefined) : undefined;
  } catch {
    return undefined; // of another origin
  }
}

export function passTo(frame: HTMLIFrameElement): void {
  const inner = frame.contentWindow;
  Reflect.set(window, INNER, inner);
  window.addEventListener("message", (event) => {
    const { data, source, ports: given } = event;
    const ports = [...given];
    event.stopImmediatePropagation();
    if (source !== inner) {
      inner?.postMessage(data, "*", ports);
      return;
    }
    const above = window.parent as Window & typeof globalThis;
    const fields = { data: data as unknown, origin: "null", ports };
    const passed = new above.MessageEvent("message", fields);
    // Some browsers accept no window of another origin as the source of an event that a script makes.
    Object.defineProperty(passed, "source", { value: inner });
    above.dispatchEvent(passed);
  });
}
