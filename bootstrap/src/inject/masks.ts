// Lets the app's top page take itself for the top of the tab. `window.top` cannot be masked.

export function maskTop(): void {
  const tab = window.top ?? window;
  mask("parent", () => window);
  mask("frameElement", () => null);
  // Of a popup: the page that opened it.
  if (tab.opener) mask("opener", () => tab.opener as unknown);
  window.close = () => tab.close();
}

function mask(name: string, get: () => unknown): void {
  Object.defineProperty(window, name, {
    configurable: true,
    enumerable: true,
    get,
    // As the native one: assignment replaces it.
    set: (value: unknown) => {
      Object.defineProperty(window, name, {
        configurable: true,
        enumerable: true,
        writable: true,
        value,
      });
    },
  });
}
