// The versions of guests that run in this tab, each as a worker, and their ports to the Service Worker.

import type { GuestRegistration, GuestVersion } from "../messages/guest";
import type { GuestHome } from "../messages/guest-page";
import { Running, type Wish } from "./running";
import { forget } from "./scripts";

export class Runs {
  private readonly running = new Map<string, Running>();

  /** wished: a version asks for something. */
  constructor(
    private readonly home: GuestHome,
    private readonly wished: (wish: Wish, of: Running, scope: string) => void,
  ) {}

  of(id: string): Running | undefined {
    return this.running.get(id);
  }

  async start(registration: GuestRegistration, version: GuestVersion): Promise<Running> {
    const known = this.running.get(version.id);
    if (known) return known;
    const { id, script } = version;
    await this.home.ask({ do: "run", url: script, id });
    const again = this.running.get(id);
    if (again) return again;
    const { scope } = registration;
    const made = new Running(registration, version, (wish) => this.wished(wish, made, scope));
    this.running.set(id, made);
    this.connect(made);
    return made;
  }

  /** Connect it with the Service Worker, which may have been stopped and started since. */
  connect(running: Running): void {
    const { id } = running.version;
    const { port1, port2 } = new MessageChannel();
    running.post({ do: "port", port: port1 }, [port1]);
    void this.home.ask({ do: "port", lock: this.home.lock, id, port: port2 }, [port2]);
  }

  /** What is registered has changed: versions of it get the news, others end. */
  follow(registrationOf: (id: string) => GuestRegistration | undefined): void {
    for (const [id, one] of this.running) {
      const registration = registrationOf(id);
      if (registration) one.post({ do: "registration", registration });
      else {
        one.stop();
        this.running.delete(id);
      }
    }
  }

  /** It is over for good: its scripts are forgotten. */
  end(version: GuestVersion): void {
    this.of(version.id)?.stop();
    this.running.delete(version.id);
    void forget(version);
  }

  /** One whose tab is gone installs no more. */
  alive(version: GuestVersion | undefined): GuestVersion | undefined {
    return version && this.of(version.id) ? version : undefined;
  }
}
