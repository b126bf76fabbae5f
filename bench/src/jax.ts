/** @file jax-js, the network as one jitted function; an array is freed by its last use, `ref` counts one more. */
import { Array, defaultDevice, type Device, init, jit, lax, nn, numpy as np } from '@jax-js/jax';
import { fetchLayers, type Layer, offer } from './page';

offer(async (net, backend) => {
  await init(backend as Device);
  defaultDevice(backend as Device);
  const layers = await fetchLayers(net);
  const weights = layers.map(({ op, shape, weight, bias }) => {
    if (op !== 'linear' && op !== 'conv') return [];
    const spread = op === 'conv' ? [shape[0]!, 1, 1] : [shape[0]!];
    return [np.array(weight).reshape([...shape]), np.array(bias).reshape(spread)];
  });
  const forward = jit((x: Array, weights: Array[][]) =>
    layers.reduce((x, layer, i) => apply(layer, x, weights[i]!), x.div(127.5).sub(1)),
  );
  return async (images) => {
    const x = np.array(images).reshape([images.length / 784, 1, 28, 28]);
    const logits = forward(x, weights.map((pair) => pair.map((w) => w.ref))); // prettier-ignore
    return (await logits.data()) as Float32Array;
  };
});

function apply({ op }: Layer, x: Array, [weight, bias]: Array[]): Array {
  if (op === 'conv') return lax.conv(x, weight!, [1, 1], 'VALID').add(bias!);
  if (op === 'linear') return np.matmul(x, weight!.transpose()).add(bias!);
  if (op === 'silu') return nn.silu(x);
  if (op === 'relu') return nn.relu(x);
  if (op === 'pool') return lax.reduceWindow(x, np.max, [2, 2], [2, 2]);
  return x.reshape([x.shape[0]!, -1]);
}
