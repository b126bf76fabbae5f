/** @file JSON from outside, read field by field: each has the type asked for, or one clear line says not. */

/** A model file that cannot be used; the message names the part, what it must be and what it is. */
export class ModelFileError extends Error {
  override readonly name = 'ModelFileError';
}

/** @throws ModelFileError with `message`, unless `ok`. */
export function check(ok: boolean, message: string): asserts ok {
  if (!ok) throw new ModelFileError(message);
}

/** A value and the path that leads to it, such as `programs.classify.arena`. */
export class Json {
  constructor(
    private readonly value: unknown,
    readonly path: string,
  ) {}

  static parse(source: string, path: string): Json {
    try {
      return new Json(JSON.parse(source), path);
    } catch (cause) {
      throw new ModelFileError(`${path} must be JSON`, { cause });
    }
  }

  private must(ok: boolean, be: string): void {
    if (!ok) check(false, `${this.path} must be ${be}, but is ${show(this.value)}`);
  }

  /** An object as it is, its fields unread. */
  record(): Readonly<Record<string, unknown>> {
    const { value } = this;
    this.must(typeof value === 'object' && value !== null && !Array.isArray(value), 'an object');
    return value as Record<string, unknown>;
  }

  /** All fields of an object; a Map, because a file may name a field `__proto__`. */
  fields(): ReadonlyMap<string, Json> {
    const entries = Object.entries(this.record());
    return mapValues(entries, (value, name) => new Json(value, `${this.path}.${name}`));
  }

  /** One field of an object; a missing one fails when its value is asked for. */
  get(name: string): Json {
    const record = this.record();
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    return new Json(value, `${this.path}.${name}`);
  }

  /** The items of a list, which must be `length` of them if that is given. */
  items(length?: number): readonly Json[] {
    const items = this.value as unknown[];
    const ok = Array.isArray(items) && (length ?? items.length) === items.length;
    this.must(ok, length === undefined ? 'a list' : `a list of ${length}`);
    return items.map((item, i) => new Json(item, `${this.path}[${i}]`));
  }

  text(): string {
    this.must(typeof this.value === 'string', 'text');
    return this.value as string;
  }

  oneOf<T extends string>(...allowed: readonly T[]): T {
    this.must(allowed.includes(this.value as T), allowed.map((text) => `"${text}"`).join(' or '));
    return this.value as T;
  }

  /** A whole number from `min` to `max`, and a multiple of `step`. */
  whole({ min = 0, max = Number.MAX_SAFE_INTEGER, step = 1 } = {}): number {
    const n = this.value as number;
    const ok = Number.isSafeInteger(n) && n >= min && n <= max && n % step === 0;
    this.must(ok, `a ${step > 1 ? `multiple of ${step}` : 'whole number'} from ${min} to ${max}`);
    return n;
  }

  /** Sizes of the dimensions, row-major; [] is a scalar. */
  shape(): readonly number[] {
    return this.items().map((size) => size.whole());
  }
}

/** Nothing nested is printed: it may be deeper than the stack. */
function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

export const mapValues = <V, W>(entries: Iterable<[string, V]>, fn: (value: V, key: string) => W) =>
  new Map([...entries].map(([key, value]) => [key, fn(value, key)]));
