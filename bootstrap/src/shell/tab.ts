// The tab, made to look like the app: how, is `late/mirror`, for which no page waits.

import type { TabMirror } from "../messages/late";
import { loadLate } from "./parts";

export class Tab {
  private mirror: TabMirror | undefined;
  private page: Window | undefined;

  /** A document is there, perhaps not yet whole. */
  follow(page: Window): void {
    this.page = page;
    printByKey(page);
    loadLate().then(
      (late) => {
        this.mirror ??= late.mirrorOf(location.hostname);
        if (this.page === page) this.mirror.follow(page);
      },
      () => undefined,
    );
  }
}

// The frame itself prints better than a copy of it. After the app's own listeners, and by the print()
// that the app has not yet touched.
function printByKey(page: Window): void {
  const { print } = page;
  const command = /^(Mac|iP)/.test(navigator.platform) ? "metaKey" : "ctrlKey";
  page.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.key !== "p" || !event[command] || event.altKey) return;
    event.preventDefault();
    print.call(page);
  });
}
