// Runs first in every realm of the browser side, and takes away what a browser keeps: which way, the
// name of the app says.
(() => {
  const scope = globalThis;
  const [how] = scope.location?.hostname.split("-") ?? [];
  const full = () => new DOMException("The quota is exceeded.", "QuotaExceededError");
  const opens = {
    throws() {
      throw new DOMException("It is denied.", "SecurityError");
    },
    hangs: () => new EventTarget(),
    fails() {
      const request = new EventTarget();
      Object.defineProperties(request, { error: { value: full() }, result: { value: undefined } });
      setTimeout(() => request.onerror?.(new Event("error")), 0);
      return request;
    },
  };
  if (!(how in opens) || !scope.IDBFactory) return;
  IDBFactory.prototype.open = opens[how];
  if (!scope.CacheStorage) return;
  for (const name of ["open", "match", "keys"])
    CacheStorage.prototype[name] = () => Promise.reject(full());
})();
