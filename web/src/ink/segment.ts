/**
 * @file Which pieces of ink make which digit: every likely grouping is read, and the most probable
 * reading of the whole wins. `inkgrad/segment.py` is the same in Python, and says why.
 *
 * A piece is a stroke or, in a picture, a patch of ink. `candidates` lists the groups of pieces that
 * may be one digit; each is read by the net; `choose` divides all pieces among groups so that the
 * product of the groups' chances is the largest. What a division leaves overlapping from left to right
 * costs extra: the bar of a 7 lies over its stem, the next digit does not. Pieces come ordered from left
 * to right, by the middles of their boxes.
 */
import type { Box } from './fit';

/** Indices of pieces, ascending, which is from left to right. */
export type Group = readonly number[];

// In sizes of the largest piece:
/** The widest gap from left to right between pieces of one digit. */
const NEAR = 0.35;
/** The widest digit. */
const WIDEST = 1.6;
/** What is smaller and belongs to no digit is no ink that anyone meant. */
const SPECK = 0.1;
/** Pieces of a digit. */
const MOST = 5;
/** Pieces in a row among which those of one digit lie: so few divisions are to be compared. */
const WINDOW = 8;
/** Groups of several pieces that are read, however much is scribbled. */
const LIMIT = 128;

/**
 * The groups of pieces that may be one digit: each piece by itself, near ones together, and each run of
 * near ones. A run is read as a whole however many pieces it has, so that a scribble can be told from
 * a row of digits.
 */
export function candidates(boxes: readonly Box[]): Group[] {
  const size = largest(boxes);
  const isNear = (a: Box, b: Box) => -overlap(a, b) <= NEAR * size;
  const all = boxes.map((_, i) => i);
  const near = boxes.map((box, i) => all.filter((j) => j !== i && isNear(box, boxes[j]!)));
  const alone = all.map((i): Group => [i]);
  const groups: Group[] = [];
  let grown = alone;
  for (let pieces = 2; pieces <= MOST; pieces++) {
    const wider = new Map<string, Group>();
    for (const group of grown) {
      for (const j of group.flatMap((i) => near[i]!)) {
        if (group.includes(j)) continue;
        if (Math.max(group.at(-1)!, j) - Math.min(group[0]!, j) >= WINDOW) continue;
        const next = [...group, j].sort((a, b) => a - b);
        const { x0, x1 } = around(next.map((i) => boxes[i]!));
        if (x1 - x0 <= WIDEST * size) wider.set(String(next), next);
      }
    }
    grown = [...wider.values()].sort(inOrder);
    groups.push(...grown);
    if (groups.length >= LIMIT) break;
  }
  groups.splice(LIMIT);
  const known = new Set(groups.map(String));
  const whole = runs(near).filter((run) => run.length > 1 && !known.has(String(run)));
  return [...alone, ...groups, ...whole];
}

/**
 * The division of all pieces into groups with the least sum of costs and overlaps, in reading order,
 * less specks.
 * @param costs the groups' negative log-probabilities; every piece by itself must be among the groups
 */
export function choose(
  boxes: readonly Box[],
  groups: readonly Group[],
  costs: readonly number[],
): Group[] {
  const size = largest(boxes);
  const shares = boxes.map((a) => boxes.map((b) => share(a, b, size)));
  // Sets of pieces are bits of a number without limit.
  const bits = boxes.map((_, i) => 1n << BigInt(i));
  const starting = boxes.map((): { members: bigint; cost: number; group: Group }[] => []);
  groups.forEach((group, g) => {
    const isIn = new Set(group);
    let shared = 0;
    for (const i of group) shares[i]!.forEach((part, j) => (shared += isIn.has(j) ? 0 : part));
    const members = group.reduce((set, i) => set | bits[i]!, 0n);
    starting[group[0]!]!.push({ members, cost: costs[g]! + shared / 2, group });
  });

  const known = new Map<bigint, Division>([[0n, { cost: 0 }]]);
  /** The cheapest division of the pieces whose bits are set in `left`, none of them before `first`. */
  function cheapest(left: bigint, first: number): Division {
    let best = known.get(left);
    if (best) return best;
    best = { cost: Infinity };
    while (!(left & bits[first]!)) first++;
    for (const { members, cost, group } of starting[first]!) {
      if ((members & left) !== members) continue;
      const rest = cheapest(left & ~members, first);
      if (cost + rest.cost < best.cost) best = { cost: cost + rest.cost, group, rest };
    }
    known.set(left, best);
    return best;
  }

  const divided: Group[] = [];
  let division: Division | undefined = cheapest((1n << BigInt(boxes.length)) - 1n, 0);
  for (; division?.group; division = division.rest) divided.push(division.group);
  const boxOf = (group: Group) => around(group.map((i) => boxes[i]!));
  const middle = ({ x0, x1 }: Box) => x0 + x1;
  return divided
    .filter((group) => largest([boxOf(group)]) >= SPECK * size)
    .sort((a, b) => middle(boxOf(a)) - middle(boxOf(b)));
}

/** The group of a division's first piece, and how the rest is divided; of no pieces, neither. */
interface Division {
  readonly cost: number;
  readonly group?: Group;
  readonly rest?: Division;
}

/** Around all of the boxes, of which there is at least one. */
export function around(boxes: readonly Box[]): Box {
  return boxes.reduce((a, b) => ({
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  }));
}

/** The longest side of any box. */
export const largest = (boxes: readonly Box[]) =>
  boxes.reduce((long, { x0, y0, x1, y1 }) => Math.max(long, x1 - x0, y1 - y0), 0);

/** How far two boxes overlap from left to right; negative: the gap between them. */
const overlap = (a: Box, b: Box) => Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);

/** The overlap in widths of the narrower box, 0 … 1. A stem without width counts as a tenth of size. */
function share(a: Box, b: Box, size: number): number {
  const narrower = Math.max(Math.min(a.x1 - a.x0, b.x1 - b.x0), size / 10);
  return narrower > 0 ? Math.min(Math.max(overlap(a, b) / narrower, 0), 1) : 0;
}

/** The connected components of the pieces. */
function runs(near: readonly (readonly number[])[]): Group[] {
  const result: Group[] = [];
  const seen = new Set<number>();
  near.forEach((_, first) => {
    if (seen.has(first)) return;
    const run = [first];
    seen.add(first);
    for (const i of run) {
      for (const j of near[i]!) {
        if (!seen.has(j)) run.push(j);
        seen.add(j);
      }
    }
    result.push(run.sort((a, b) => a - b));
  });
  return result;
}

/** Groups of one length, as Python orders tuples. */
function inOrder(a: Group, b: Group): number {
  const k = a.findIndex((i, position) => i !== b[position]);
  return k < 0 ? 0 : a[k]! - b[k]!;
}
