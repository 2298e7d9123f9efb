// Workers of the app: by its other names, and those whose script a page has made itself, which no
// Service Worker sees: ours goes before it here.

import { FORGET, give } from "../messages/worker-given";
import { blobsOfUrls } from "./blob-urls";
import { wrapConstructor } from "./impersonate";
import { ownUrl } from "./own-url";

// Until the browser has surely begun to read it.
const KEPT_MS = 60_000;

/** file: the path of our script for workers. imports: whether policies surely admit it by its URL. */
export function wrapWorkers(file: string, imports: () => boolean): void {
  const blobs = blobsOfUrls();
  for (const name of ["Worker", "SharedWorker"]) {
    const replaced = wrapConstructor(name, (target, args: unknown[], as) => {
      const make = (...given: unknown[]): object => Reflect.construct(target, given, as) as object;
      if (!args.length) return make();
      const [url, ...rest] = args;
      const named = String(url);
      // A script must be of the page's own origin: checked before anything is fetched.
      const own = ownUrl(named);
      if (own) return make(own.href, ...rest);
      const blob = blobs.get(named);
      const module = isModule(rest[0]);
      // One that is shared is known by its URL. A module that cannot have our file does not run.
      if (!blob || name !== "Worker" || (module && !imports())) return make(...args);
      const first = before(named, file, module);
      const ours = URL.createObjectURL(new Blob([first, blob], { type: blob.type }));
      blobs.delete(ours);
      setTimeout(() => URL.revokeObjectURL(ours), KEPT_MS);
      try {
        return make(ours, ...rest);
      } catch {
        return make(...args); // a page that makes workers of trusted URLs only
      }
    });
    const native = Reflect.get(self, name) as { prototype: object } | undefined;
    if (native) {
      const member = Object.getOwnPropertyDescriptor(native.prototype, "constructor");
      Object.defineProperty(native.prototype, "constructor", { ...member, value: replaced });
    }
  }
}

function isModule(options: unknown): boolean {
  return (options as WorkerOptions | undefined)?.type === "module";
}

// A module's imports run before all of it: what ours needs stands in the URL.
function before(location: string, file: string, module: boolean): string {
  const path = self.origin + file;
  if (module) return `import "${path}?${encodeURIComponent(location)}";`;
  const url = JSON.stringify(path);
  return `${give({ location })}try{importScripts(${url})}catch{}${FORGET}`;
}
