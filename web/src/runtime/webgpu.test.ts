import { beforeEach, expect, test, vi } from 'vitest';
import { type FakeGpu, installFakeGpu, KERNELS } from './fakegpu';
import { classify, modelFile, type Parts, PROGRAM } from './fixture';
import { parseModelFile } from './modelfile';
import { createWebGpu, DeviceLostError } from './webgpu';

const until = (check: () => void) => vi.waitFor(check, 10_000);
let gpu: FakeGpu;
beforeEach(() => {
  gpu = installFakeGpu();
});

const create = (edit?: (parts: Parts) => void) => createWebGpu(parseModelFile(modelFile(edit)));
const image = Float32Array.of(1, 2, 3, 4);

test('runs asked for at once take turns', async () => {
  const backend = await create(); // the fake rejects a map while one is in flight
  const images = [0, 1, 2, 3].map((k) => image.map((x) => x + k));
  const answers = await Promise.all(images.map((image) => backend.run('classify', { image })));
  expect(answers).toEqual(images.map((image) => ({ logits: classify(image) })));
});

test('a batch comes back in its order, however long, and costs one read-back for every 16', async () => {
  const backend = await create();
  const images = Array.from({ length: 37 }, (_, k) => image.map((x) => x + k));
  const answers = await backend.runAll('classify', images.map((image) => ({ image }))); // prettier-ignore
  expect(answers).toEqual(images.map((image) => ({ logits: classify(image) })));
  expect(gpu.devices[0]!.maps).toBe(3);
  expect(await backend.runAll('classify', [])).toEqual([]);
});

test('each output comes back from its own place', async () => {
  const backend = await create((parts) => {
    const { outputs } = parts.programs['classify'];
    outputs.hidden = { ...outputs.logits, offset: 512 };
  });
  const hidden = Float32Array.of(1, -4, 1.5, 0);
  expect(await backend.run('classify', { image })).toEqual({ logits: classify(image), hidden });
});

test('a kernel that does not compile is named, and other programs still run', async () => {
  const backend = await create((parts) => {
    const broken = structuredClone(parts.programs['classify']);
    broken.kernels.scale = 'fn';
    parts.programs['broken'] = broken;
  });
  const message = 'kernel "scale" does not compile: line 1: no entry';
  await expect(backend.run('broken', { image })).rejects.toThrow(message);
  await expect(backend.run('broken', { image })).rejects.toThrow(message);
  expect(await backend.run('classify', { image })).toEqual({ logits: classify(image) });
  gpu.devices[0]!.fail('no scope is left open'); // or it would go unheard
  expect(await backend.lost).toBe('no scope is left open');
});

test('a fallback adapter is given kernels of its own, and as many workgroups as these want', async () => {
  const [scale] = PROGRAM.dispatches;
  await (await create()).run('classify', { image });
  expect(gpu.code.get('scale')).toBe(PROGRAM.kernels.scale);
  expect(gpu.launched[0]).toEqual(scale!.workgroups);
  gpu.isFallback = true;
  gpu.launched = [];
  expect(await (await create()).run('classify', { image })).toEqual({ logits: classify(image) });
  expect(gpu.code.get('scale')).toBe(PROGRAM.fallback.scale.wgsl);
  expect(gpu.code.get('square')).toBe(PROGRAM.kernels.square);
  expect(gpu.launched).toEqual([PROGRAM.fallback.scale.workgroups, [1, 1, 1]]);
});

test('a wrong call costs no device', async () => {
  const backend = await create();
  await expect(backend.run('classify', {})).rejects.toThrow('but got none');
  await expect(backend.run('other', {})).rejects.toThrow('the model has no program "other"');
  expect(await backend.run('classify', { image })).toEqual({ logits: classify(image) });
});

test('says why it cannot start', async () => {
  gpu.hasAdapter = false;
  await expect(create()).rejects.toThrow('WebGPU finds no graphics adapter');
  vi.stubGlobal('navigator', {});
  await expect(create()).rejects.toThrow('this browser does not offer WebGPU');
  vi.stubGlobal('navigator', undefined);
  await expect(create()).rejects.toThrow('this browser does not offer WebGPU');
});

test.each([false, true])(
  'runs end when the device is lost (maps forgotten: %s)',
  async (forget) => {
    gpu.forgetMaps = forget;
    const backend = await create();
    gpu.holdMaps = true;
    const runs = [1, 2].map(() =>
      backend.run('classify', { image }).catch((error: Error) => error),
    );
    await until(() => expect(gpu.devices[0]!.held.length).toBe(1));
    gpu.devices[0]!.lose('it fell off the bus');
    const errors = [
      ...(await Promise.all(runs)),
      await backend.run('classify', { image }).catch((e) => e),
    ];
    for (const error of errors) expect(error).toBeInstanceOf(DeviceLostError);
    expect(await backend.lost).toBe('it fell off the bus');
  },
);

test('an error that no scope catches ends the device', async () => {
  const backend = await create();
  gpu.devices[0]!.fail('out of memory');
  expect(await backend.lost).toBe('out of memory');
  expect(gpu.devices[0]!.gone).toBe(true);
});

test('a kernel that throws, as a driver may, is a lost device', async () => {
  gpu.kernels = {
    ...KERNELS,
    scale: () => {
      throw new Error('driver');
    },
  };
  const backend = await create();
  await expect(backend.run('classify', { image })).rejects.toThrow(DeviceLostError);
});

test('destroy frees the device', async () => {
  gpu.forgetMaps = true;
  const backend = await create();
  backend.destroy();
  expect(gpu.devices[0]!.gone).toBe(true);
  await expect(backend.run('classify', { image })).rejects.toThrow('the model was destroyed');
});
