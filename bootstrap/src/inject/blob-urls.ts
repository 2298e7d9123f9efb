// The Blobs that this realm has made URLs of, as long as the browser itself keeps them.

import { inPlaceOf } from "./native-look";

type Native = (this: unknown, ...args: unknown[]) => unknown;

let blobs: Map<string, Blob> | undefined;

/** By their URLs, from the first call on. */
export function blobsOfUrls(): Map<string, Blob> {
  return (blobs ??= remember());
}

function remember(): Map<string, Blob> {
  const found = new Map<string, Blob>();
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = inPlaceOf(createObjectURL, (on, args) => {
    const url = Reflect.apply(createObjectURL as Native, on, args) as string;
    if (args[0] instanceof Blob) found.set(url, args[0]);
    return url;
  });
  URL.revokeObjectURL = inPlaceOf(revokeObjectURL, (on, args) => {
    found.delete(String(args[0]));
    return Reflect.apply(revokeObjectURL as Native, on, args);
  });
  return found;
}
