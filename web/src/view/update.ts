/** @file Offline after one visit. A new version waits beside the one in use until someone asks for it. */
import { find } from './find';

/**
 * Keeps the page for use without a network.
 * @param keep saves what is drawn before a new version takes over, which waits on if it cannot
 */
export async function keepOffline(keep: () => Promise<boolean>): Promise<void> {
  const { serviceWorker: workers } = navigator;
  // A browser that keeps nothing (a private window, plain http) still shows the page.
  const registration = await workers?.register('./sw.js').catch(() => undefined);
  if (!registration) return;

  let isOld = false; // the new version has taken over, in every window of the page
  function offer(): void {
    find('#update').hidden = !(isOld || (registration?.waiting && workers.controller));
  }
  async function use(): Promise<void> {
    if (!(await keep())) return;
    if (isOld) location.reload();
    else registration?.waiting?.postMessage({ type: 'SKIP_WAITING' });
  }
  offer();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  find('#update button').addEventListener('click', () => void use());
  workers.addEventListener('controllerchange', () => {
    isOld = true;
    offer();
    void use();
  });
}
