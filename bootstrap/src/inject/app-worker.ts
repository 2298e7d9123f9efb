// The app's own Service Worker: it cannot have this origin's scope, and must not remove ours.

export function hideServiceWorker(): void {
  if (!("serviceWorker" in navigator)) return;
  const container = ServiceWorkerContainer.prototype;
  container.register = () =>
    Promise.reject(new DOMException("This origin's service worker is p2claw's.", "SecurityError"));
  container.getRegistration = () => Promise.resolve(undefined);
  container.getRegistrations = () => Promise.resolve([]);
  ServiceWorkerRegistration.prototype.unregister = () => Promise.resolve(false);
}
