/** @file One model: its file and the backend that runs it best, now. */
import type { Backend, Outputs, Values } from './backend';
import { ModelFileError } from './json';
import { type ModelFile, parseModelFile } from './modelfile';
import { Problem } from './problem';
import { selfTest } from './selftest';
import { createWasm } from './wasm';
import { createWebGpu, DeviceLostError, type WebGpu } from './webgpu';

/** Which backend answers. */
export interface Status {
  readonly backend: Backend['name'];
  /** A sentence that says why it is not the one asked for (`auto` asks for WebGPU); else undefined. */
  readonly reason: string | undefined;
  /** Of which `reason` is the English. */
  readonly problem: Problem | undefined;
}

export interface LoadOptions {
  /** `auto` starts on WebAssembly and moves to WebGPU when that is ready. */
  readonly backend: 'auto' | Backend['name'];
  /** Called at every change of the model's status. */
  readonly onChange?: (status: Status) => void;
}

export interface Model {
  readonly file: ModelFile;
  /** WebAssembly, for work too small for the GPU. Where the browser refuses it, WebGPU in its place. */
  readonly wasm: Backend;
  /** The backend that `run` uses now. */
  readonly active: Backend;
  readonly status: Status;
  /**
   * As {@link Backend.run}, on the active backend; on the next one if WebGPU is lost meanwhile; on
   * WebAssembly a program that WebGPU refuses.
   */
  run(program: string, inputs: Values): Promise<Outputs>;
  /** As {@link Backend.runAll}, likewise. */
  runAll(program: string, batch: readonly Values[]): Promise<Outputs[]>;
  /** Frees the GPU; runs in flight reject. */
  destroy(): void;
}

/**
 * Loads a model. With `auto` and `wasm` it is ready as soon as WebAssembly is; `webgpu` waits until
 * WebGPU works or does not. WebGPU is trusted when it passes the file's self-test; when its device is
 * lost it is started once more, then never again.
 * @param source where the file lies, or its bytes
 * @throws Problem if the file cannot be had or used, or no backend starts
 */
export async function loadModel(
  source: string | URL | ArrayBuffer,
  { backend: asked, onChange }: LoadOptions,
): Promise<Model> {
  const file = await readModelFile(source);
  let gpu: WebGpu | undefined;
  let starting: Promise<void> = Promise.resolve();
  let restarts = 1;
  let destroyed = false;

  const compiled = await createWasm(file).catch((error: Error) => error);
  const noWasm =
    compiled instanceof Error
      ? new Problem('WebAssembly cannot be used: {}', [compiled])
      : undefined;
  // Where the browser refuses WebAssembly, its place is taken by a wait for WebGPU.
  const wasm: Backend =
    compiled instanceof Error
      ? {
          name: 'webgpu',
          run: async (program, inputs) => (await wasm.runAll(program, [inputs]))[0]!,
          async runAll(program, batch) {
            await starting;
            if (!gpu) throw status.problem!;
            return model.runAll(program, batch);
          },
          destroy() {},
        }
      : compiled;

  const statusOf = (backend: Backend['name'], problem?: Problem): Status => {
    return { backend, reason: problem?.message, problem };
  };
  const preparing = asked === 'wasm' ? undefined : new Problem('WebGPU is being prepared');
  let status = statusOf(wasm.name, preparing);

  function use(next: WebGpu | undefined, problem?: Problem): void {
    gpu = next;
    status = statusOf(model.active.name, problem);
    onChange?.(status);
  }

  async function startWebGpu(): Promise<void> {
    const next = await createTested(file).catch((error: Error) => error);
    if (next instanceof Error) {
      if (!destroyed) use(undefined, new Problem('WebGPU cannot be used: {}', [next]));
    } else if (destroyed) {
      next.destroy();
    } else {
      void next.lost.then((reason) => answerLoss(next, reason));
      use(next, asked === 'wasm' ? noWasm : undefined);
    }
  }

  /** The device's own report and the run that fails both lead here: the first one counts. */
  function answerLoss(lost: Backend, reason: string): void {
    if (lost !== gpu || destroyed) return;
    if (restarts-- > 0) starting = startWebGpu();
    use(undefined, new Problem('WebGPU was lost: {}', [reason]));
  }

  const model: Model = {
    file,
    wasm,
    get active() {
      return gpu ?? wasm;
    },
    get status() {
      return status;
    },
    run: async (program, inputs) => (await model.runAll(program, [inputs]))[0]!,
    async runAll(program, batch) {
      for (;;) {
        if (destroyed) throw new Error('the model was destroyed');
        const backend = model.active;
        try {
          return await backend.runAll(program, batch);
        } catch (error) {
          if (error instanceof DeviceLostError) answerLoss(backend, error.message);
          else if (backend === wasm || noWasm) throw error;
          else return wasm.runAll(program, batch); // WebGPU refuses this program, or it is a wrong call
        }
      }
    },
    destroy() {
      destroyed = true;
      gpu?.destroy();
      wasm.destroy();
    },
  };

  if (asked !== 'wasm' || noWasm) starting = startWebGpu();
  if (asked === 'webgpu' || noWasm) await starting;
  if (noWasm && !gpu) throw new Problem('{}; {}', [noWasm, status.problem!]);
  return model;
}

async function createTested(file: ModelFile): Promise<WebGpu> {
  const gpu = await createWebGpu(file);
  try {
    await selfTest(file, gpu);
    return gpu;
  } catch (error) {
    gpu.destroy();
    throw error;
  }
}

async function readModelFile(source: string | URL | ArrayBuffer): Promise<ModelFile> {
  const bytes = source instanceof ArrayBuffer ? source : await download(source);
  try {
    return parseModelFile(bytes);
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    if (source instanceof ArrayBuffer) {
      throw new Error(`The model file cannot be used: ${error.message}`, { cause: error });
    }
    const values = [String(source), error];
    throw new Problem('The model file {} cannot be used: {}', values, { cause: error });
  }
}

async function download(url: string | URL): Promise<ArrayBuffer> {
  const name = String(url);
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Problem('The model file {} cannot be fetched: the server does not answer', [name], {
      cause,
    });
  });
  if (!response.ok) {
    const status = String(response.status);
    throw new Problem('The model file {} cannot be fetched: the server says {}', [name, status]);
  }
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    throw new Problem('{} is a web page, not a model file', [name]);
  }
  return response.arrayBuffer().catch((cause: unknown) => {
    throw new Problem('The download of the model file {} broke off', [name], { cause });
  });
}
