/**
 * @file For tests: as much of WebGPU as the runtime uses, kept in order the way the specification
 * demands it. Kernels are JavaScript; the real thing is tested in a real browser.
 */
import { vi } from 'vitest';

type Kernel = (...bindings: Float32Array[]) => void;

/** The kernels of the fixture's program. */
export const KERNELS: Record<string, Kernel> = {
  scale: (hidden, image, w) => hidden.forEach((_, i) => (hidden[i] = image![i]! * w![i]!)),
  square: (logits, hidden) => logits.forEach((_, i) => (logits[i] = hidden![i]! ** 2)),
};

class FakeBuffer {
  readonly bytes: ArrayBuffer;
  state: 'unmapped' | 'pending' | 'mapped';
  #reject: (error: Error) => void = () => {};
  constructor(
    private readonly device: FakeDevice,
    { size, mappedAtCreation }: GPUBufferDescriptor,
  ) {
    this.bytes = new ArrayBuffer(size);
    this.state = mappedAtCreation ? 'mapped' : 'unmapped';
  }
  getMappedRange() {
    if (this.state !== 'mapped') throw new Error('getMappedRange: not mapped');
    return this.bytes;
  }
  unmap() {
    this.state = 'unmapped';
  }
  async mapAsync() {
    if (this.state !== 'unmapped') throw new Error('mapAsync: already mapped');
    if (this.device.gone && !this.device.gpu.forgetMaps) throw new Error('mapAsync: device lost');
    this.state = 'pending';
    this.device.maps++;
    await new Promise<void>((resolve, reject) => {
      this.#reject = reject;
      const done = () => {
        this.state = 'mapped';
        resolve();
      };
      if (this.device.gone) return;
      if (this.device.gpu.holdMaps) this.device.held.push(done);
      else setTimeout(done);
    });
  }
  abort() {
    if (this.state === 'pending' && !this.device.gpu.forgetMaps) this.#reject(new Error('aborted'));
  }
}

export class FakeDevice extends EventTarget {
  gone = false;
  /** How often a buffer was mapped to be read. */
  maps = 0;
  readonly held: (() => void)[] = [];
  readonly #buffers: FakeBuffer[] = [];
  #lose!: (info: { reason: string; message: string }) => void;
  readonly lost = new Promise((resolve) => (this.#lose = resolve));
  readonly #scopes: (Error | null)[] = [];

  constructor(readonly gpu: FakeGpu) {
    super();
  }

  lose(message = 'it fell off the bus', reason = 'unknown') {
    if (this.gone) return;
    this.gone = true;
    for (const buffer of this.#buffers) buffer.abort();
    // Buffers are aborted before the promise resolves, as in a browser.
    setTimeout(() => this.#lose({ reason, message }));
  }
  destroy() {
    this.lose('destroyed', 'destroyed');
  }
  fail(message: string) {
    if (this.#scopes.length) this.#scopes[this.#scopes.length - 1] ??= new Error(message);
    else this.dispatchEvent(Object.assign(new Event('uncapturederror'), { error: { message } }));
  }
  pushErrorScope() {
    this.#scopes.push(null);
  }
  async popErrorScope() {
    return this.#scopes.pop();
  }

  readonly queue = {
    writeBuffer: (buffer: FakeBuffer, offset: number, data: Float32Array) =>
      new Float32Array(buffer.bytes, offset, data.length).set(data),
    submit: ([commands]: (() => void)[][]) => {
      if (!this.gone) commands!.forEach((command) => command());
    },
  };
  createBuffer(descriptor: GPUBufferDescriptor) {
    const buffer = new FakeBuffer(this, descriptor);
    this.#buffers.push(buffer);
    return buffer;
  }
  createBindGroupLayout = () => ({});
  createPipelineLayout = () => ({});
  createShaderModule = ({ label, code }: { label: string; code: string }) => {
    this.gpu.code.set(label, code);
    const error = { type: 'error', lineNum: 1, message: 'no entry' };
    return {
      getCompilationInfo: async () => ({ messages: code.includes('@compute') ? [] : [error] }),
    };
  };
  createComputePipelineAsync = async ({ compute }: { compute: { entryPoint: string } }) => ({
    kernel: this.gpu.kernels[compute.entryPoint],
    getBindGroupLayout: () => ({}),
  });
  createBindGroup({ entries }: { entries: { resource: any }[] }) {
    return entries.map(({ resource: { buffer, offset, size } }) => {
      return new Float32Array(buffer.bytes, offset, size / 4);
    });
  }
  createCommandEncoder() {
    const commands: (() => void)[] = [];
    let kernel: Kernel;
    let bindings: Float32Array[];
    return {
      beginComputePass: () => ({
        setPipeline: (pipeline: { kernel: Kernel }) => (kernel = pipeline.kernel),
        setBindGroup: (_: number, group: Float32Array[]) => (bindings = group),
        dispatchWorkgroups: (...workgroups: number[]) => {
          this.gpu.launched.push(workgroups);
          const [run, on] = [kernel, bindings];
          commands.push(() => run(...on));
        },
        end() {},
      }),
      copyBufferToBuffer: (a: FakeBuffer, from: number, b: FakeBuffer, to: number, n: number) =>
        commands.push(() => {
          if (b.state !== 'unmapped') return this.fail('submit: the buffer is mapped');
          new Uint8Array(b.bytes, to, n).set(new Uint8Array(a.bytes, from, n));
        }),
      finish: () => commands,
    };
  }
}

/** What stands at `navigator.gpu`; `devices` are those handed out so far. */
export class FakeGpu {
  readonly devices: FakeDevice[] = [];
  kernels = KERNELS;
  hasAdapter = true;
  isFallback = false;
  /** What was last compiled, by its label. */
  readonly code = new Map<string, string>();
  /** The workgroups of each dispatch. */
  launched: number[][] = [];
  /** Maps complete when the test calls what is in the device's `held`. */
  holdMaps = false;
  /** Maps never settle once the device is lost. */
  forgetMaps = false;

  async requestAdapter() {
    if (!this.hasAdapter) return null;
    return {
      info: { isFallbackAdapter: this.isFallback },
      requestDevice: async () => {
        const device = new FakeDevice(this);
        this.devices.push(device);
        return device;
      },
    };
  }
}

/** Puts a new fake where a browser has the real thing. */
export function installFakeGpu(): FakeGpu {
  const gpu = new FakeGpu();
  vi.stubGlobal('navigator', { gpu });
  vi.stubGlobal('GPUBufferUsage', { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, STORAGE: 128 });
  vi.stubGlobal('GPUShaderStage', { COMPUTE: 4 });
  vi.stubGlobal('GPUMapMode', { READ: 1 });
  return gpu;
}
