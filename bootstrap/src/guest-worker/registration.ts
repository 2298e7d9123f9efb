// `registration` of a guest. Push is refused as where a person has denied it.

import type { GuestFacts, GuestRegistration, GuestToHost, GuestVersion } from "../messages/guest";
import { askSw } from "./clients";

export class ServiceWorkerRegistration extends EventTarget {
  installing: object | null = null;
  waiting: object | null = null;
  active: object | null = null;
  readonly navigationPreload = {
    enable: () => Promise.resolve(),
    disable: () => Promise.resolve(),
    setHeaderValue: () => Promise.resolve(),
    getState: () => Promise.resolve({ enabled: false, headerValue: "true" }),
  };
  readonly pushManager = {
    subscribe: () =>
      Promise.reject(
        new DOMException("Registration failed - permission denied", "NotAllowedError"),
      ),
    getSubscription: () => Promise.resolve(null),
    permissionState: () => Promise.resolve("denied"),
  };

  constructor(
    readonly scope: string,
    private readonly post: (message: GuestToHost) => void,
  ) {
    super();
    Object.defineProperty(this, "post", { enumerable: false });
  }

  update(): Promise<this> {
    this.post({ do: "update" });
    return Promise.resolve(this);
  }

  unregister(): Promise<boolean> {
    this.post({ do: "unregister" });
    return Promise.resolve(true);
  }

  async showNotification(title: string, options: NotificationOptions = {}): Promise<void> {
    const shown = await askSw<boolean>({ do: "notify", title, options });
    if (!shown) throw new TypeError("No notification permission has been granted for this origin.");
  }

  getNotifications(): Promise<never[]> {
    return Promise.resolve([]);
  }
}

/** become: as it is from then on. */
export function makeRegistration(
  { scope }: GuestFacts,
  post: (message: GuestToHost) => void,
): ServiceWorkerRegistration & { become: (now: GuestRegistration) => void } {
  const made = new ServiceWorkerRegistration(scope, post);
  const workers = new Map<string, object>();
  const workerOf = (version: GuestVersion | undefined): object | null => {
    if (!version) return null;
    const { id, script, state } = version;
    const worker = workers.get(id) ?? Object.assign(new EventTarget(), { scriptURL: script });
    workers.set(id, worker);
    const changed = Reflect.get(worker, "state") !== state;
    Object.assign(worker, { state });
    if (changed) (worker as EventTarget).dispatchEvent(new Event("statechange"));
    return worker;
  };
  const become = ({ installing, waiting, active }: GuestRegistration): void => {
    made.installing = workerOf(installing);
    made.waiting = workerOf(waiting);
    made.active = workerOf(active);
  };
  return Object.defineProperty(made, "become", { value: become }) as never;
}
