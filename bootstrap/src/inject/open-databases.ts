// Databases that the page has open: where the app clears its site's data the browser closes them,
// and they would else be in the way of their own deletion.

import { inPlaceOf } from "./native-look";
import { onSwMessage } from "./sw-port";

const opened = new Set<WeakRef<IDBDatabase>>();

export function watchDatabases(): void {
  const factory = IDBFactory.prototype;
  const { open } = factory;
  factory.open = inPlaceOf(open, (self, given) => {
    const request = Reflect.apply(open, self, given) as IDBOpenDBRequest;
    request.addEventListener("success", () => opened.add(new WeakRef(request.result)));
    return request;
  });
  onSwMessage(({ data, ports }) => {
    if (data.kind !== "clear-storage") return;
    for (const reference of opened) close(reference.deref());
    opened.clear();
    ports[0]?.postMessage(null);
  });
}

// As a browser that closes it: with an event, which `close` itself does not bring.
function close(database: IDBDatabase | undefined): void {
  database?.dispatchEvent(new Event("close"));
  database?.close();
}
