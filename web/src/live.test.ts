import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { latest, perFrame } from './live';

test('one in flight, the last call always runs, every answer belongs to its call', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
      async (scheduler, failing) => {
        let inFlight = 0;
        const ran: number[] = [];
        const work = scheduler.scheduleFunction(async (fails: boolean) => {
          if (fails) throw new Error('failed');
        });
        const live = latest(async (n: number, fails: boolean) => {
          expect(++inFlight).toBe(1);
          ran.push(n);
          try {
            await work(fails);
          } finally {
            inFlight--;
          }
          return n;
        });

        const calls: Promise<number | undefined | 'failed'>[] = [];
        const script = failing.map((fails, n) => async () => {
          calls.push(live(n, fails).catch(() => 'failed'));
        });
        await scheduler.waitFor(scheduler.scheduleSequence(script).task);
        const answers = await scheduler.waitFor(Promise.all(calls));

        expect(ran.at(-1)).toBe(failing.length - 1);
        expect(ran).toEqual([...new Set(ran)].sort((a, b) => a - b));
        answers.forEach((answer, n) => {
          expect(answer).toBe(!ran.includes(n) ? undefined : failing[n] ? 'failed' : n);
        });
      },
    ),
  );
});

test('while one runs, of those that wait only the newest is run', async () => {
  const ran: number[] = [];
  const live = latest(async (n: number) => {
    ran.push(n);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return n;
  });
  const first = live(0);
  await Promise.resolve(); // the first is under way
  expect(await Promise.all([first, live(1), live(2), live(3)])).toEqual([
    0,
    undefined,
    undefined,
    3,
  ]);
  expect(ran).toEqual([0, 3]);
});

afterEach(() => vi.unstubAllGlobals());

test('once a frame, with the newest value: before it is painted where that is quick, else after it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer()), { maxLength: 20 }),
      fc.boolean(),
      (frames, isQuick) => {
        const [asked, later]: (() => void)[][] = [[], []];
        vi.stubGlobal('requestAnimationFrame', (fn: () => void) => asked!.push(fn));
        vi.stubGlobal('setTimeout', (fn: () => void) => later!.push(fn));
        const given: number[] = [];
        // Long since as quick as that.
        const put = perFrame(
          (value: number) => given.push(value),
          () => (isQuick ? 1 : 30),
        );
        const run = (tasks: (() => void)[]) => tasks.splice(0).forEach((task) => task());
        for (let i = 0; i < 50; i++) {
          put(i);
          run(asked!);
          run(later!);
        }
        given.length = 0;
        for (const values of frames) {
          values.forEach(put);
          run(asked!);
          expect(given.splice(0)).toEqual(isQuick ? values.slice(-1) : []);
          run(later!);
          expect(given.splice(0)).toEqual(isQuick ? [] : values.slice(-1));
        }
      },
    ),
  );
});

test('a frame does not wait for what nobody has measured, nor for what is slow now and then', () => {
  const [asked, later]: (() => void)[][] = [[], []];
  vi.stubGlobal('requestAnimationFrame', (fn: () => void) => asked!.push(fn));
  vi.stubGlobal('setTimeout', (fn: () => void) => later!.push(fn));
  let took: number | undefined;
  const put = perFrame(
    () => {},
    () => took,
  );
  /** Whether the frame waits. */
  function waits(ms: number | undefined): boolean {
    took = ms;
    put(0);
    asked!.splice(0).forEach((task) => task());
    return later!.splice(0).map((task) => task()).length === 0;
  }
  expect([undefined, 0, undefined].map(waits)).toEqual([false, false, false]);
  expect(waits(1)).toBe(false);
  expect(Array.from({ length: 20 }, () => waits(1)).at(-1)).toBe(true);
  expect(waits(20)).toBe(true);
  expect(Array.from({ length: 20 }, () => waits(20)).at(-1)).toBe(false);
  expect(Array.from({ length: 20 }, (_, i) => waits(i % 2 ? 1 : 20)).at(-1)).toBe(false);
});
