// Which shells are alive, and which of them is a client's. A MessagePort does not say that
// its other end is gone; a Web Lock does.

import type { PageToSw, SwToPage, TabPolicy } from "../messages/sw-page";
import { PAGE_PROTOCOL } from "../messages/sw-page";
import { sw } from "./scope";

export interface Shell {
  readonly lock: string;
  readonly client: Client;
  /** Another one after each greeting. */
  readonly port: MessagePort;
  /** Nobody is at that port any more. */
  isGone: boolean;
  readonly embedded: boolean;
  readonly hidden: boolean;
  /** What it was served with. */
  readonly policy: TabPolicy;
  /** A page of this site led to it, as far as is known. */
  readonly led: boolean;
  /** Called when the shell dies, for each response that it still owes. */
  readonly onDeath: Set<() => void>;
  expect: string | undefined;
  /** What led to that document, as far as the shell knows. */
  referrer: string | undefined;
  /** The document that its frame has asked for last. */
  coming: string;
}

/** The shell whose frame navigates. first: to the document that its tab began with. */
export interface Navigating {
  shell: Shell;
  first: boolean;
}

// For the replies to `ask`: a shell on a busy page may take its time.
const ASK_MS = 8_000;

// A Service Worker may be stopped 30 s after its last event, though responses are still to be sent, and though bodies
// that have come whole lie here until a page reads them.
const AWAKE_MS = 10_000;

type Hello = Extract<PageToSw, { kind: "hello" }>;

export class Shells {
  /** Tells this start of the Service Worker from others. */
  private readonly instance = crypto.randomUUID();
  private readonly shells = new Map<string, Shell>();
  private readonly lockOfClient = new Map<string, string>();
  private arrivals: (() => void)[] = [];
  private asking: Promise<boolean> | undefined;

  constructor() {
    setInterval(() => {
      for (const { client, onDeath } of this.all)
        if (onDeath.size) client.postMessage({ kind: "busy" } satisfies SwToPage);
    }, AWAKE_MS);
  }

  get all(): Shell[] {
    return [...this.shells.values()];
  }

  // Those that hold a page of the app.
  private get seen(): Shell[] {
    return this.all.filter(({ hidden }) => !hidden);
  }

  /** welcome: what it gets in reply; undefined: that follows. */
  hello(message: Hello, client: Client, welcome: SwToPage | undefined): void {
    if (message.protocol !== PAGE_PROTOCOL) {
      client.postMessage({ kind: "reload" } satisfies SwToPage);
      return;
    }
    const { lock, port, embedded, hidden, policy, led, expect, referrer } = message;
    // The same one, for requests that are under way to it and have not been sent.
    const known = this.shells.get(lock);
    this.remove(lock);
    const shell: Shell = Object.assign(known ?? {}, {
      isGone: false,
      lock,
      client,
      port,
      embedded,
      hidden,
      policy,
      led,
      expect,
      referrer,
      coming: "",
      onDeath: new Set<() => void>(),
    });
    this.shells.set(lock, shell);
    this.lockOfClient.set(client.id, lock);
    if (welcome) client.postMessage(welcome);
    // Granted when the shell no longer holds it: that is its death notice.
    void navigator.locks.request(lock, () => {
      if (this.shells.get(lock) === shell) this.remove(lock);
    });
    for (const arrived of this.arrivals.splice(0)) arrived();
  }

  /** Of all that live. */
  async policies(): Promise<TabPolicy[]> {
    await this.any();
    return this.seen.map(({ policy }) => policy);
  }

  /** A page names the shell that is its own. */
  belongs(clientId: string, lock: string): void {
    this.lockOfClient.set(clientId, lock);
  }

  remove(lock: string): void {
    const shell = this.shells.get(lock);
    if (!shell) return;
    this.shells.delete(lock);
    shell.isGone = true;
    for (const [client, of] of this.lockOfClient) if (of === lock) this.lockOfClient.delete(client);
    for (const died of [...shell.onDeath]) died();
  }

  /** The shell of a client; undefined: no shell of the origin replies in time. */
  async of(clientId: string): Promise<Shell | undefined> {
    const known = this.known(clientId);
    if (known) return known;
    if (!(await this.any())) return undefined;
    return this.known(clientId) ?? this.best();
  }

  /**
   * The shell whose frame navigates, as far as that can be known: the browser does not say which
   * frame a navigation is for. undefined: no shell is alive, or the frame is a foreign site's.
   */
  async ofNavigation(url: string, referrer: string): Promise<Navigating | undefined> {
    const expecting = (): Shell | undefined => this.all.find((shell) => shell.expect === url);
    let shell = expecting();
    if (!shell) {
      const foreign = referrer !== "" && new URL(referrer).origin !== sw.location.origin;
      if (foreign || !(await this.any())) return undefined;
      shell = expecting() ?? (await this.best());
    }
    if (!shell) return undefined;
    const first = shell.expect === url;
    if (first) shell.expect = undefined;
    else shell.referrer = undefined;
    shell.coming = url;
    return { shell, first };
  }

  /** A client that a navigation or a worker's script brings about belongs to this shell for now. */
  adopt(clientId: string, shell: Shell): void {
    if (clientId) this.lockOfClient.set(clientId, shell.lock);
  }

  private known(clientId: string): Shell | undefined {
    return this.shells.get(this.lockOfClient.get(clientId) ?? "");
  }

  // Together for all who ask: a shell that is asked twice greets twice, and what was sent in between
  // is lost.
  private any(): Promise<boolean> {
    return (this.asking ??= this.ask().finally(() => (this.asking = undefined)));
  }

  private async ask(): Promise<boolean> {
    if (this.shells.size) return true;
    const windows = await sw.clients.matchAll({ type: "window" });
    if (!windows.length) return false;
    for (const window of windows) {
      window.postMessage({ kind: "ask", instance: this.instance } satisfies SwToPage);
    }
    await new Promise<void>((resolve) => {
      this.arrivals.push(resolve);
      setTimeout(resolve, ASK_MS);
    });
    return this.shells.size > 0;
  }

  // Of several, the one that the person looks at.
  private async best(): Promise<Shell | undefined> {
    const shells = this.seen;
    if (shells.length < 2) return shells[0];
    const windows = await sw.clients.matchAll({ type: "window" });
    const rank = (shell: Shell): number => {
      const window = windows.find(({ id }) => id === shell.client.id);
      return window?.focused ? 2 : window?.visibilityState === "visible" ? 1 : 0;
    };
    return shells.reduce((best, shell) => (rank(shell) >= rank(best) ? shell : best));
  }
}
