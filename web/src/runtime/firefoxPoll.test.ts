import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hastened } from './firefoxPoll';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function deferred() {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}

/** A device of a browser, and a map that settles when the test says so. */
function pending(userAgent: string) {
  vi.stubGlobal('navigator', { userAgent });
  const submit = vi.fn();
  const [map, lost] = [deferred(), deferred()];
  const device = { queue: { submit }, lost: lost.promise } as unknown as GPUDevice;
  return { submit, map, lost, result: hastened(map.promise, device) };
}

const ends: [what: string, end: (p: ReturnType<typeof pending>) => void][] = [
  ['is there', ({ map }) => map.resolve()],
  ['is refused', ({ map }) => map.reject(new Error('aborted'))],
  ['never comes, for the device is lost', ({ lost }) => lost.resolve()],
];
test.each(ends)('Firefox is poked every millisecond until the answer %s', async (_, end) => {
  const all = pending(FIREFOX);
  all.result.catch(() => {});
  await vi.advanceTimersByTimeAsync(7);
  expect(all.submit.mock.calls).toEqual(Array(7).fill([[]]));
  end(all);
  await vi.advanceTimersByTimeAsync(100);
  expect(all.submit).toHaveBeenCalledTimes(7);
  expect(vi.getTimerCount()).toBe(0);
});

test('what the map gives comes through', async () => {
  const [good, bad] = [pending(FIREFOX), pending(FIREFOX)];
  good.map.resolve();
  bad.map.reject(new Error('aborted'));
  await expect(good.result).resolves.toBe(undefined);
  await expect(bad.result).rejects.toThrow('aborted');
});

test.each([CHROME, undefined])('no other is poked: %s', async (userAgent) => {
  const { submit, map, result } = pending(userAgent as string);
  expect(result).toBe(map.promise);
  await vi.advanceTimersByTimeAsync(100);
  expect(submit).not.toHaveBeenCalled();
});
