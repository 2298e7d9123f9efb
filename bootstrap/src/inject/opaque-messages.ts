// The page around a page with an opaque origin and that one itself speak to each other as if the page
// that shows it were not between them.

export function passTo(frame: HTMLIFrameElement): void {
  window.addEventListener("message", (event) => {
    const { data, source, ports: given } = event;
    const ports = [...given];
    event.stopImmediatePropagation();
    if (source !== frame.contentWindow) {
      frame.contentWindow?.postMessage(data, "*", ports);
      return;
    }
    const above = window.parent as Window & typeof globalThis;
    const said = { data: data as unknown, origin: "null", source: window, ports };
    above.dispatchEvent(new above.MessageEvent("message", said));
  });
}
