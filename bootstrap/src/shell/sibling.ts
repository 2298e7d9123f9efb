// Where an app asks another one under the same parent, or is asked: into this window, when it does.

import type { SiblingModule } from "../messages/sibling";

export function loadSibling(): Promise<SiblingModule> {
  const url: string = __SIBLING_URL__;
  return import(url) as Promise<SiblingModule>;
}
