// importScripts: what a version has imported once it keeps, as its own script.

import type { GuestFacts } from "../messages/guest";
import { marked } from "../messages/marks";

export function importMarked({ id }: GuestFacts): void {
  const native = self.importScripts.bind(self);
  self.importScripts = (...urls: (string | URL)[]) => {
    const whole = urls.map((url) => new URL(url, self.location.href).href);
    native(...whole.map((url) => marked(url, { guest: id })));
  };
}
