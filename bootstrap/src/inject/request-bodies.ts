// The bodies that the app's Request objects were made with: a Request does not give its own back
// everywhere, and nowhere without reading it.

import { type BlobBody, blobBody } from "./body";

const bodies = new WeakMap<Request, Blob>();

/** Watch Requests from now on. */
export function rememberBodies(): void {
  const Native = window.Request;
  const { clone } = Native.prototype;
  window.Request = new Proxy(Native, {
    construct(target, given: ConstructorParameters<typeof Request>, newTarget): Request {
      const [input, init] = given;
      const before = input instanceof Native ? bodies.get(input) : undefined;
      const made = Reflect.construct(target, given, newTarget) as Request;
      const body = init?.body === undefined || init.body === null ? before : init.body;
      // As it is now: what the app does to it later does not count.
      const whole =
        body && !new Headers(init?.headers).has("content-type")
          ? typedBody(made, body)
          : blobBody(body);
      if (whole) bodies.set(made, whole.blob);
      return made;
    },
  });
  Native.prototype.constructor = window.Request;
  Native.prototype.clone = function (): Request {
    const made = clone.call(this);
    const body = bodies.get(this);
    if (body) bodies.set(made, body);
    return made;
  };
}

/** The body of a Request that was made in this page; undefined: none, or one that is streamed. */
export function bodyOf(request: Request): Blob | undefined {
  return bodies.get(request);
}

// The boundary is in the content type already.
function typedBody(request: Request, body: unknown): BlobBody | undefined {
  return blobBody(body, /boundary=([^\s;]+)/.exec(request.headers.get("content-type") ?? "")?.[1]);
}
