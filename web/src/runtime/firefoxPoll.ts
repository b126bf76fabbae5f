/**
 * @file Firefox finds out that the GPU is done only when it polls, on a timer of 100 ms, or when work is
 * submitted (https://bugzilla.mozilla.org/show_bug.cgi?id=1870699). Delete this file, and its call in
 * webgpu.ts, when that bug is fixed in the oldest Firefox with WebGPU that is still maintained.
 */

/** Milliseconds; a browser makes no timer faster than 1, and after a few turns none faster than 4. */
const EVERY = 1;

/**
 * `map`, which in Firefox settles soon after the GPU is done: until then, or until the device is lost,
 * nothing is submitted again and again.
 */
export function hastened<T>(map: Promise<T>, device: GPUDevice): Promise<T> {
  if (!/\bFirefox\//.test(navigator.userAgent)) return map;
  const timer = setInterval(() => device.queue.submit([]), EVERY);
  const stop = () => clearInterval(timer);
  void Promise.race([map, device.lost]).then(stop, stop);
  return map;
}
