// The global of this realm, with its type: the compiler's library knows workers in general only.

export const sw = self as unknown as ServiceWorkerGlobalScope;
