// Workers of the app: by its other names, and those whose script a page has made itself, which no
// Service Worker sees: ours goes before it here.

import { FORGET, give } from "../messages/worker-given";
import { blobsOfUrls } from "./blob-urls";
import { wrapConstructor } from "./impersonate";
import { ownUrl } from "./own-url";

// Until the browser has surely begun to read it.
const KEPT_MS = 60_000;

/**
 * file: the path of our script for workers. imports: whether policies surely admit it by its URL.
 * reads: whether the Service Worker is asked for what this realm asks synchronously.
 */
export function wrapWorkers(file: string, imports: () => boolean, reads: () => boolean): void {
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
      // One that is shared is known by its URL.
      if (!blob || name !== "Worker") return make(...args);
      const path = self.origin + file;
      const first = isModule(rest[0])
        ? beforeModule(`${path}?${encodeURIComponent(named)}`, imports, reads)
        : before(named, path);
      // A module that cannot have our file does not run.
      if (first === undefined) return make(...args);
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

function before(location: string, path: string): string {
  return `${give({ location })}try{importScripts(${JSON.stringify(path)})}catch{}${FORGET}`;
}

// A module's imports run before all of it: what ours needs stands in the URL. Chromium asks the Service
// Worker for what a module out of a Blob imports. Firefox does not, so ours is read here.
function beforeModule(
  url: string,
  imports: () => boolean,
  reads: () => boolean,
): string | undefined {
  const text = reads() ? textOf(url) : undefined;
  return text ?? (imports() ? `import "${url}";` : undefined);
}

function textOf(url: string): string | undefined {
  const request = new XMLHttpRequest();
  try {
    request.open("GET", url, false);
    request.send();
  } catch {
    return undefined; // a policy of the app's, or the Service Worker, does not give it
  }
  return request.status === 200 ? request.responseText : undefined;
}
