import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeGpu, installFakeGpu, KERNELS } from './fakegpu';
import { assemble, classify, f32, modelFile, type Parts } from './fixture';
import { loadModel, type LoadOptions, type Model, type Status } from './model';

const until = (check: () => void) => vi.waitFor(check, 10_000);
let gpu: FakeGpu;
beforeEach(() => {
  gpu = installFakeGpu();
});

const load = (backend: LoadOptions['backend'], edit?: (parts: Parts) => void) =>
  loadModel(modelFile(edit), { backend });
const status = (backend: Status['backend'], reason?: string) => {
  const problem = reason === undefined ? undefined : expect.objectContaining({ message: reason });
  return { backend, reason, problem };
};
const backendIs = (model: Model, name: Status['backend'], reason?: string) =>
  until(() => expect(model.status).toEqual(status(name, reason)));
const image = Float32Array.of(1, 2, 3, 4);
const logits = classify(image);
const answers = async (model: Model) =>
  expect(await model.run('classify', { image })).toEqual({ logits });

const noWasm = (parts: Parts) => {
  delete parts.tensors['wasm'];
};
const NO_WASM = 'WebAssembly cannot be used: the model file holds no tensor "wasm"';
const NO_ADAPTER = 'WebGPU cannot be used: WebGPU finds no graphics adapter';
const SELF_TEST =
  'WebGPU cannot be used: the self-test failed: "logits" of program "classify" is not as expected';

test('auto answers on WebAssembly at once and moves to WebGPU', async () => {
  const seen: Status[] = [];
  const onChange = (status: Status) => seen.push(status);
  const model = await loadModel(modelFile(), { backend: 'auto', onChange });
  expect(model.status).toEqual(status('wasm', 'WebGPU is being prepared'));
  await answers(model);
  await backendIs(model, 'webgpu');
  expect(model.active).not.toBe(model.wasm);
  await answers(model);
  expect(seen).toEqual([status('webgpu')]);
});

test('webgpu waits for WebGPU, wasm never touches it', async () => {
  expect((await load('webgpu')).status).toEqual(status('webgpu'));
  expect(gpu.devices.length).toBe(1);
  expect((await load('wasm')).status).toEqual(status('wasm'));
  expect(gpu.devices.length).toBe(1);
});

test.each(['auto', 'webgpu'] as const)('%s without an adapter goes on without', async (asked) => {
  gpu.hasAdapter = false;
  const model = await load(asked);
  await backendIs(model, 'wasm', NO_ADAPTER);
  await answers(model);
});

test('a GPU that computes something else is not used', async () => {
  gpu.kernels = { ...KERNELS, square: (out, hidden) => out.set(hidden!) };
  const model = await load('webgpu');
  expect(model.status).toEqual(status('wasm', SELF_TEST));
  expect(gpu.devices[0]!.gone).toBe(true);
  gpu.kernels = { ...KERNELS, square: (out) => out.fill(NaN) };
  expect((await load('webgpu')).status.reason).toBe(SELF_TEST);
});

test('a program that WebGPU refuses runs on WebAssembly, the others where they ran', async () => {
  const broken = (parts: Parts) => {
    const program = structuredClone(parts.programs['classify']);
    program.kernels.scale = 'fn';
    parts.programs['broken'] = program;
    const data = assemble(['classify', 'broken'], 1000);
    parts.tensors['wasm'] = { dtype: 'U8', shape: [data.length], data };
  };
  const model = await load('webgpu', broken);
  expect(await model.run('broken', { image })).toEqual({ logits });
  expect(model.status).toEqual(status('webgpu'));
  await answers(model);
  await expect(model.run('broken', {})).rejects.toThrow('but got none');
  const alone = await load('webgpu', (parts) => (broken(parts), noWasm(parts)));
  await expect(alone.run('broken', { image })).rejects.toThrow('does not compile');
});

test('the self-test allows 1e-3 relative, and the same largest value', async () => {
  const expecting =
    (...values: number[]) =>
    (parts: Parts) => {
      parts.tensors['selftest.classify.logits'] = f32(...values); // what comes: 1, 16, 2.25, 0
    };
  const reason = async (edit: (parts: Parts) => void) => (await load('webgpu', edit)).status.reason;
  expect(await reason(expecting(1.0009, 16.015, 2.25, -0.0009))).toBe(undefined);
  expect(await reason(expecting(1, 16.017, 2.25, 0))).toBe(SELF_TEST);
  expect(await reason(expecting(1, 16, 2.25, 0.0011))).toBe(SELF_TEST);
  const close = (parts: Parts) => {
    parts.tensors['selftest.classify.image'] = f32(1, 0.49999, 0, 0); // 1, 0.99996, 0, 0
    expecting(1, 1.0001, 0, 0)(parts);
  };
  expect(await reason(close)).toBe(SELF_TEST);
  const none = (parts: Parts) => delete parts.tensors['selftest.classify.image'];
  expect(await reason(none)).toBe('WebGPU cannot be used: the model file holds no self-test');
});

test('a run in flight when the device is lost is answered; the second loss is the last', async () => {
  const seen: Status[] = [];
  const onChange = (status: Status) => seen.push(status);
  const model = await loadModel(modelFile(), { backend: 'auto', onChange });
  for (const reason of ['WebGPU was lost: the driver restarted', 'WebGPU was lost: again']) {
    await backendIs(model, 'webgpu');
    gpu.holdMaps = true;
    const runs = [answers(model), answers(model)];
    const device = gpu.devices.at(-1)!;
    await until(() => expect(device.held.length).toBe(1));
    device.lose(reason.slice('WebGPU was lost: '.length));
    await Promise.all(runs);
    expect(model.status).toEqual(status('wasm', reason));
    gpu.holdMaps = false;
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(gpu.devices.length).toBe(2);
  expect(seen.map(({ backend }) => backend)).toEqual(['webgpu', 'wasm', 'webgpu', 'wasm']);
});

test('a loss is noticed without a run', async () => {
  const onChange = vi.fn();
  await loadModel(modelFile(), { backend: 'webgpu', onChange });
  gpu.devices[0]!.lose();
  await until(() => expect(onChange).toHaveBeenCalledTimes(3));
  expect(onChange.mock.calls.flat()).toEqual([
    status('webgpu'),
    status('wasm', 'WebGPU was lost: it fell off the bus'),
    status('webgpu'),
  ]);
});

test('whatever is lost whenever, every run is answered', async () => {
  const step = fc.constantFrom('run', 'lose', 'tick', 'adapter gone');
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 20 }),
      fc.boolean(),
      fc.constantFrom('auto', 'webgpu' as const),
      async (steps, forgetMaps, asked) => {
        gpu = installFakeGpu();
        gpu.forgetMaps = forgetMaps;
        const model = await load(asked);
        const runs: Promise<void>[] = [];
        for (const step of steps) {
          if (step === 'run') runs.push(answers(model));
          if (step === 'lose') gpu.devices.at(-1)?.lose();
          if (step === 'tick') await new Promise((resolve) => setTimeout(resolve));
          if (step === 'adapter gone') gpu.hasAdapter = false;
        }
        await Promise.all(runs);
        model.destroy();
        await until(() => expect(gpu.devices.every((device) => device.gone)).toBe(true));
        expect(gpu.devices.length).toBeLessThanOrEqual(2);
      },
    ),
    { numRuns: 50 },
  );
}, 30_000);

test('where WebAssembly is refused, WebGPU does all', async () => {
  const model = await load('auto', noWasm);
  expect(model.status).toEqual(status('webgpu'));
  expect(await model.wasm.run('classify', { image })).toEqual({ logits });
  expect((await load('wasm', noWasm)).status).toEqual(status('webgpu', NO_WASM));

  gpu.holdMaps = true;
  const runs = [answers(model), model.wasm.run('classify', { image })];
  await until(() => expect(gpu.devices[0]!.held.length).toBe(1));
  gpu.holdMaps = false;
  gpu.devices[0]!.lose();
  await Promise.all(runs); // on the second device
  gpu.hasAdapter = false;
  gpu.devices[2]!.lose();
  await expect(model.run('classify', { image })).rejects.toThrow('WebGPU was lost');
});

test('where nothing runs the model, it says why', async () => {
  gpu.hasAdapter = false;
  await expect(load('auto', noWasm)).rejects.toThrow(`${NO_WASM}; ${NO_ADAPTER}`);
});

test('destroy ends runs in flight and a start under way', async () => {
  const onChange = vi.fn();
  for (const hasAdapter of [false, true]) {
    gpu.hasAdapter = hasAdapter;
    (await loadModel(modelFile(), { backend: 'auto', onChange })).destroy();
  }
  await until(() => expect(gpu.devices.map(({ gone }) => gone)).toEqual([true]));
  expect(onChange).not.toHaveBeenCalled();

  const model = await load('webgpu');
  gpu.holdMaps = true;
  const run = model.run('classify', { image });
  await until(() => expect(gpu.devices[1]!.held.length).toBe(1));
  model.destroy();
  await expect(run).rejects.toThrow('the model was destroyed');
  await expect(model.run('classify', { image })).rejects.toThrow('the model was destroyed');
  expect(gpu.devices[1]!.gone).toBe(true);
});

test('says what is wrong with what it fetched, and names the address', async () => {
  const url = 'models/tiny.safetensors';
  const serve = (body: BodyInit | Promise<never>, init?: ResponseInit) =>
    vi.stubGlobal('fetch', async () => (body instanceof Promise ? body : new Response(body, init)));
  const error = () => loadModel(url, { backend: 'wasm' }).catch((e: Error) => e.message);

  serve(modelFile());
  expect((await loadModel(url, { backend: 'wasm' })).file.card).toEqual({ name: 'tiny' });
  serve('Not found', { status: 404 });
  expect(await error()).toBe(`The model file ${url} cannot be fetched: the server says 404`);
  serve('<!doctype html>', { headers: { 'content-type': 'text/html; charset=utf-8' } });
  expect(await error()).toBe(`${url} is a web page, not a model file`);
  serve(modelFile().slice(0, -7));
  expect(await error()).toMatch(
    `The model file ${url} cannot be used: it is cut short: "wasm" ends`,
  );
  serve(new ReadableStream({ start: (stream) => stream.error(new Error('reset')) }));
  expect(await error()).toBe(`The download of the model file ${url} broke off`);
  serve(Promise.reject(new TypeError('Failed to fetch')));
  expect(await error()).toBe(`The model file ${url} cannot be fetched: the server does not answer`);
});
