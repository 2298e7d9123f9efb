// Requests that wait for their response's head, so that a page can give one up: no browser tells a
// Service Worker of that.

interface Waiting {
  clientId: string;
  cancel: () => void;
}

export class Aborts {
  private readonly waiting = new Set<Waiting>();
  private readonly byId = new Map<string, Waiting>();

  /** clientId: of the page without which nobody wants it. Returns what is to be called once the head has come. */
  add(id: string | undefined, clientId: string, cancel: () => void): () => void {
    const entry = { clientId, cancel };
    this.waiting.add(entry);
    if (id !== undefined) this.byId.set(id, entry);
    return () => {
      this.waiting.delete(entry);
      if (id !== undefined) this.byId.delete(id);
    };
  }

  abort(id: string): void {
    this.byId.get(id)?.cancel();
  }

  /** A page goes away: none of its requests is wanted any more. */
  gone(clientId: string): void {
    for (const entry of this.waiting) if (entry.clientId === clientId) entry.cancel();
  }
}
