// What a page of the app and the part of the shell that keeps guests call of each other directly.

import type { GuestAsk, GuestNews } from "./guest";

export interface Controller {
  id: string;
  scope: string;
  object: EventTarget;
}

/** From a page. */
export interface GuestPage {
  window: Window;
  container: EventTarget;
  /** Our own registration, for what only it can do. */
  native: { showNotification(title: string, options?: NotificationOptions): Promise<void> };
  readonly controller: Controller | undefined;
  control(by: Controller): void;
  /** There is an active worker for this page. */
  ready(registration: EventTarget): void;
  /** An object of this class of the page's. */
  make(name: string): EventTarget;
  makeWorker(id: string, script: string, state: string): EventTarget;
}

/** What a registration that a page sees can be asked for. */
export interface GuestActs {
  update(scope: string, window: Window): Promise<void>;
  unregister(scope: string): Promise<boolean>;
}

/** What the shell gives: a way to the Service Worker, and the name of its lock. */
export interface GuestHome {
  lock: string;
  ask(message: GuestAsk, given?: Transferable[]): Promise<unknown>;
}

export interface GuestModule {
  keepGuests(home: GuestHome): Guests;
}

export interface Guests {
  /** A page that looks at its service workers. */
  attach(page: GuestPage): void;
  register(page: GuestPage, url: string, options: RegistrationOptions): Promise<unknown>;
  /** undefined: all of them. */
  find(page: GuestPage, url: string | undefined): Promise<unknown[]>;
  news(news: GuestNews): void;
  receive(window: Window, id: string, data: unknown, ports: readonly MessagePort[]): void;
}
