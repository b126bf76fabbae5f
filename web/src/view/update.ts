/** @file Offline after one visit. A new version waits beside the one in use until someone asks for it. */
import { find } from './find';

/** Keeps the page for use without a network; `beforeReload` is awaited before a new version takes over. */
export async function keepOffline(beforeReload: () => Promise<void>): Promise<void> {
  const { serviceWorker: workers } = navigator;
  // A browser that keeps nothing (a private window, plain http) still shows the page.
  const registration = await workers?.register('./sw.js').catch(() => undefined);
  if (!registration) return;

  function offer(): void {
    find('#update').hidden = !(registration?.waiting && workers.controller);
  }
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  find('#update button').addEventListener('click', () => {
    void beforeReload().then(() => registration.waiting?.postMessage({ type: 'SKIP_WAITING' }));
  });
  // The new version has taken over, in every window of the page.
  workers.addEventListener('controllerchange', () => location.reload());
}
