// The bodies that pages of the app have handed over, by their ids: the worker sends them, and learns
// when a request is over. The body of a form is kept until the next document has come.

import type { SentForm } from "../messages/frame-shell";
import type { AskingHome } from "../messages/sibling";
import type { ShellToWorker } from "../messages/worker-shell";

export class SentForms implements AskingHome {
  readonly bodies = new Map<string, Blob>();
  readonly progress = new Map<string, (sentBytes: number) => void>();
  /** The form whose response the next document may be. */
  last: SentForm | undefined;
  private ids: string[] = []; // of forms that no document has come of yet

  constructor(private readonly worker: Worker) {}

  body(id: string, body: Blob, progress?: (sentBytes: number) => void): void {
    if (progress) this.progress.set(id, progress);
    this.bodies.set(id, body);
    this.post({ kind: "body", id, body });
  }

  form(id: string, form: SentForm): void {
    this.ids.push(id);
    // One of our own: what a page made cannot be read any more once the page is gone.
    const body = form.body && new Blob([form.body]);
    this.last = { ...form, body };
    if (body) this.post({ kind: "body", id, body });
  }

  /** The request that named it is over. */
  done(id: string): void {
    this.progress.delete(id);
    this.bodies.delete(id);
    this.post({ kind: "body-done", id });
  }

  /** A document has come. Returns the form whose response it may be. */
  arrived(): SentForm | undefined {
    for (const id of this.ids.splice(0)) this.post({ kind: "body-done", id });
    const { last } = this;
    this.last = undefined;
    return last;
  }

  private post(message: ShellToWorker): void {
    this.worker.postMessage(message);
  }
}
