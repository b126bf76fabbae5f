import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What `glide` shows of `goals`, each set after so many of the frames, whose lengths are given in ms. */
async function shown(
  goals: readonly (readonly [number, number])[],
  frames: readonly number[],
  still = false,
) {
  vi.resetModules();
  vi.stubGlobal('matchMedia', () => ({ matches: still }));
  let now = 0;
  let asked: FrameRequestCallback[] = [];
  vi.stubGlobal('requestAnimationFrame', (callback: FrameRequestCallback) => asked.push(callback));
  vi.spyOn(performance, 'now').mockImplementation(() => now + 3); // work takes a while, in the frame too
  const { glide } = await import('./glide');
  const seen: number[] = [];
  const move = glide((hundredths) => seen.push(hundredths));
  for (const [frame, length] of frames.entries()) {
    for (const [goal, at] of goals) if (at === frame) move(goal);
    now += length;
    const due = asked;
    asked = [];
    expect(due.length).toBeLessThanOrEqual(1);
    for (const callback of due) callback(now);
  }
  return { seen, waiting: asked.length };
}

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const frame = fc.double({ min: 1, max: 100, noNaN: true });

test('it goes where it should, never past it, and then rests', async () => {
  await fc.assert(
    fc.asyncProperty(
      probability,
      fc.array(frame, { minLength: 400, maxLength: 400 }),
      async (goal, frames) => {
        const { seen, waiting } = await shown([[goal, 0]], frames);
        const hundredths = Math.round(100 * goal);
        expect(seen.at(-1) ?? 0).toBe(hundredths);
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
        expect(waiting).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});

test('wherever it is sent meanwhile, it ends where it was sent last, in one frame at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(probability, fc.nat({ max: 40 })), { minLength: 1, maxLength: 12 }),
      fc.array(frame, { minLength: 450, maxLength: 450 }),
      async (goals, frames) => {
        const { seen, waiting } = await shown(goals, frames);
        const last = Math.max(...goals.map(([, at]) => at));
        const [goal] = goals.findLast(([, at]) => at === last)!;
        expect(seen.at(-1) ?? 0).toBe(Math.round(100 * goal));
        expect(waiting).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});

test('without motion it is there at once', async () => {
  const { seen, waiting } = await shown(
    [
      [0.5, 0],
      [1, 1],
    ],
    [1, 1],
    true,
  );
  expect(seen).toEqual([50, 100]);
  expect(waiting).toBe(0);
});
