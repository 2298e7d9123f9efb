// Of a Service Worker's globals, for tests, whose realm is a page's: those whose types its sources name.

interface Client {
  readonly id: string;
  postMessage(message: unknown, transferred?: Transferable[]): void;
}

interface WindowClient extends Client {
  readonly focused: boolean;
  readonly visibilityState: DocumentVisibilityState;
}

interface ServiceWorkerGlobalScope {
  readonly location: Location;
  readonly clients: { matchAll(options: { type: "window" }): Promise<WindowClient[]> };
}
