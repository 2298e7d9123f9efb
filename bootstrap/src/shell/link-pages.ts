// What a person sees of the link: how far it is, a line over the app while it is away, and a page that
// says what is wrong and what to do.

import type { Beginning } from "./beginning";
import { Connector, type ConnectorOwner } from "./connector";
import type { LinkState } from "./link-state";
import type { Pages } from "./pages";
import { isRecent, noteReload, takeReload } from "./reload-note";
import type { Screen } from "./screen";
import { reloadTab } from "./top-steps";
import type { Refusal } from "./trust";
import { waiting } from "./waiting";

// A link is mostly back before anyone notices that it was gone.
const NOTE_MS = 1_500;
const RELAY_MS = 2_500;
const AWAY = "Reconnecting… See whether other sites open.";

export interface LinkPagesOwner {
  /** A document of the app has come. */
  readonly hasApp: boolean;
  /** The link is open, or will be soon: the app can be loaded. */
  load(): void;
  /** Get a newer shell, where there is one. */
  update(): Promise<void>;
}

export class LinkPages implements ConnectorOwner {
  state: LinkState = "idle";
  /** Requests that are made now find the link open, or wait for it not long. */
  isNear = false;
  readonly connector: Connector;
  private readonly reloadedMs = takeReload();
  private readonly waits = waiting((state, all) => this.doubt(state, all));
  private slow = false; // the step under way
  private lineTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    beginning: Beginning,
    private readonly pages: Pages,
    private readonly screen: Screen,
    private readonly owner: LinkPagesOwner,
  ) {
    this.connector = new Connector(beginning, this);
  }

  moved(state: LinkState): void {
    this.state = state;
    performance.mark(`p2claw-${state}`); // for whoever asks where the time of a visit goes
    if (state === "finding" || state === "open") this.slow = false;
    this.waits(state);
    if (state === "open") this.reached();
    else if (state === "waiting" || state === "refused") this.isNear = false;
    this.show();
  }

  reached(): void {
    this.isNear = true;
    this.owner.load();
  }

  relayAtHand(): void {
    setTimeout(() => {
      if (this.state !== "connecting") return;
      this.slow = true;
      this.show();
    }, RELAY_MS);
  }

  refused(refusal: Refusal): number | undefined {
    // Over an app that is in use a line is enough, where waiting helps.
    const inUse = this.pages.cover === "none";
    const inS = this.pages.refused(refusal, () => this.connector.start());
    if (inUse && inS !== undefined) {
      this.pages.clear();
      this.line("The box is away. Waiting for it…");
    } else {
      this.line();
    }
    return inS;
  }

  // delayMs: until the next try; 0: one is under way, and only a reload begins another. asking: the
  // box was asked, and has not replied yet.
  fruitless(reached: boolean, delayMs: number, asking?: boolean): void {
    const { cover } = this.pages;
    if (cover === "none" || cover === "app") return;
    const act = delayMs ? (): void => this.connector.hurry() : reloadTab;
    const code = asking ? "box-silent" : reached ? "no-path" : "unreachable";
    this.pages.link(code, act, delayMs / 1_000);
  }

  // Once: where the box is the older one a newer shell does not help.
  outdated(): void {
    const again = (): void => void this.owner.update().then(reloadTab, reloadTab);
    if (isRecent(this.reloadedMs)) {
      this.pages.link("version", again, undefined);
      return;
    }
    noteReload();
    again();
  }

  incapable(): void {
    this.giveUp("old-browser");
  }

  /** No visit can be made here, for this reason. */
  giveUp(code: "old-browser" | "bypassed" | "no-service-worker"): void {
    this.connector.stop();
    this.pages.link(code, reloadTab, undefined);
  }

  /** A line over the app, which stays in use. */
  line(text?: string): void {
    clearTimeout(this.lineTimer);
    this.lineTimer = undefined;
    this.screen.note(text);
  }

  // all: not of this step, but of the time since nothing is to be seen.
  private doubt(state: LinkState, all: boolean): void {
    const { cover } = this.pages;
    if (cover === "none") {
      if (state !== "open") this.line(AWAY);
    } else if (cover === "progress" && state === "open") {
      this.slow = true;
      this.show();
    } else if (cover === "progress" || !all) {
      // Else what is read there is of an attempt that has ended.
      this.fruitless(state === "connecting", 0, state === "asking");
    }
  }

  private show(): void {
    const { state, pages } = this;
    const { cover } = pages;
    if (state === "open") {
      this.line();
      // What was asked for meanwhile has failed; a problem of the link is none any more.
      if (cover === "app") pages.hurry();
      if (cover === "link" && this.owner.hasApp) pages.clear();
      else if (cover === "link") pages.progress(state, false);
    } else if (cover === "none") {
      this.lineTimer ??= setTimeout(() => this.line("Reconnecting…"), NOTE_MS);
    }
    // A page about the link stays while the link is tried again: no flicker.
    if (pages.cover === "progress") pages.progress(state, this.slow);
  }
}
