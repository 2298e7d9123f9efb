// The life of a registration: its versions are installed, wait, are activated and updated, and it ends.
// Source: Service Workers §"Algorithms".

import type { GuestRegistration, GuestVersion } from "../messages/guest";
import { versionsOf } from "../messages/guest";
import type { Registrations } from "./registrations";
import type { Running, Wish } from "./running";
import type { Runs } from "./runs";
import { Unusable, fetchScript, isSame, keep } from "./scripts";

// What installs and activates does so in one tab at a time.
const JOBS = "p2claw-guests";

export class Lifecycle {
  private readonly hurried = new Set<string>();

  constructor(
    private readonly list: Registrations,
    private readonly runs: Runs,
  ) {}

  job<T>(act: () => Promise<T>): Promise<T> {
    return navigator.locks.request(JOBS, act) as Promise<T>;
  }

  /** A version asks for something. */
  wished(wish: Wish, of: Running, scope: string): void {
    if (wish === "claim") void this.list.claim(scope).then(() => of.post({ do: "claimed" }));
    else if (wish === "unregister") void this.unregister(scope);
    else if (wish === "update") void this.update(scope).catch(() => undefined);
    else {
      this.hurried.add(of.version.id);
      void this.job(() => this.activate(scope));
    }
  }

  /** Resolves once it is being installed; the rest follows by itself. Throws Unusable. */
  async install(
    registration: GuestRegistration,
    script: string,
    text: Response,
  ): Promise<GuestRegistration> {
    const id = crypto.randomUUID();
    await keep(id, script, text);
    const version: GuestVersion = { id, script, state: "installing", fetches: false };
    const now = { ...registration, installing: version };
    let fetches: boolean;
    try {
      ({ fetches } = await (await this.runs.start(now, version)).ready);
    } catch {
      this.runs.end(version);
      throw new Unusable(
        false,
        `Failed to register a ServiceWorker for scope ('${now.scope}') with script ('${script}'): ServiceWorker script evaluation failed`,
      );
    }
    version.fetches = fetches;
    await this.list.set(now);
    void this.finish(now.scope, version);
    return now;
  }

  private async finish(scope: string, version: GuestVersion): Promise<void> {
    const well = await this.runs.of(version.id)?.dispatch("install");
    await this.job(async () => {
      const now = this.list.of(scope);
      if (now?.installing?.id !== version.id) return;
      if (!well) {
        this.runs.end(version);
        const rest = { ...now, installing: undefined };
        await (versionsOf(rest).length ? this.list.set(rest) : this.list.remove(scope));
        return;
      }
      const { waiting } = now;
      await this.list.set({
        ...now,
        installing: undefined,
        waiting: { ...version, state: "installed" },
      });
      if (waiting) this.runs.end(waiting);
      await this.activate(scope);
    });
  }

  /** Activate the version that waits, if there is one and nothing stands in its way. */
  async activate(scope: string): Promise<void> {
    const now = this.list.of(scope);
    if (!now?.waiting) return;
    const { waiting, active } = now;
    const free = !active || this.hurried.has(waiting.id) || !(await this.list.controlled(scope));
    if (!free) return;
    await this.runs.start(now, waiting);
    const activating: GuestVersion = { ...waiting, state: "activating" };
    await this.list.set({ ...now, waiting: undefined, active: activating });
    if (active) this.runs.end(active);
    await this.finishActivating(scope);
  }

  async finishActivating(scope: string): Promise<void> {
    const now = this.list.of(scope);
    if (now?.active?.state !== "activating") return;
    const { active } = now;
    await (await this.runs.start(now, active)).dispatch("activate");
    const later = this.list.of(scope);
    if (later?.active?.id !== active.id) return;
    await this.list.set({ ...later, active: { ...active, state: "activated" } });
  }

  async update(scope: string, window?: Window): Promise<void> {
    await this.job(async () => {
      const now = this.list.of(scope);
      const newest = now && (now.installing ?? now.waiting ?? now.active);
      if (!now || !newest) return;
      try {
        const script = await fetchScript(newest.script, scope, now.via !== "all");
        if (!(await isSame(newest, script))) await this.install(now, newest.script, script);
      } catch (error) {
        throw window ? asPageError(error, window as Window & typeof globalThis) : error;
      }
    });
  }

  async unregister(scope: string): Promise<boolean> {
    const known = this.list.of(scope);
    if (!known) return false;
    await this.list.remove(scope);
    for (const version of versionsOf(known)) this.runs.end(version);
    return true;
  }
}

/** An error as the page is to see it: of its own realm. */
export function asPageError(error: unknown, window: Window & typeof globalThis): unknown {
  if (!(error instanceof Unusable)) return error;
  return error.secure
    ? new window.DOMException(error.message, "SecurityError")
    : new window.TypeError(error.message);
}
