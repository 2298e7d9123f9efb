// Runs first in every realm of the browser side, and takes away what the oldest Safari that is
// served lacks: then Chromium shows whether what stands in for it works. The table of these is
// bootstrap/build/safari-fallbacks.json.
(() => {
  const scope = globalThis;
  for (const name of [
    "navigation", "NavigateEvent", "Navigation", "cookieStore", "CookieStore",
    "ReadableByteStreamController", "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest",
    "WebSocketStream", "TextDecoderStream",
  ]) {
    for (let owner = scope; owner; owner = Object.getPrototypeOf(owner)) {
      if (Object.hasOwn(owner, name)) delete owner[name];
    }
  }
  if (scope.Document) delete Document.prototype.featurePolicy;
  if (scope.Request) delete Request.prototype.duplex;
  // A stream can be given to nobody.
  const refuse = (owner) => {
    const native = owner?.prototype?.postMessage;
    if (!native) return;
    owner.prototype.postMessage = function (message, given) {
      const list = Array.isArray(given) ? given : (given?.transfer ?? []);
      if (list.some((item) => item instanceof ReadableStream))
        throw new DOMException("A stream cannot be transferred.", "DataCloneError");
      return native.apply(this, arguments);
    };
  };
  for (const name of ["MessagePort", "Worker", "ServiceWorker", "Client"]) refuse(scope[name]);
})();
