import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latest } from './live';

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
