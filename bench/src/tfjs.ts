/** @file TensorFlow.js, by its core alone, which is smaller and no slower than its layers. */
import * as tf from '@tensorflow/tfjs-core';
import { fetchLayers, type Layer, type Make } from './page';

export const make =
  (backend: string): Make =>
  async (net) => {
    await tf.setBackend(backend);
    await tf.ready();
    let flattened: readonly number[] = [];
    const apply = (await fetchLayers(net)).map((layer) => {
      if (layer.op === 'flatten') flattened = layer.shape;
      const f = compile(layer, flattened);
      if (layer.op === 'linear') flattened = [];
      return f;
    });
    return async (images) => {
      const logits = tf.tidy(() => {
        const grey = tf.tensor4d(images, [images.length / 784, 28, 28, 1]);
        return apply.reduce((x, f) => f(x), tf.sub(tf.div(grey, 127.5), 1));
      });
      const values = (await logits.data()) as Float32Array;
      logits.dispose();
      return values;
    };
  };

/** tfjs keeps channels last, so the filters, and the linear layer behind them, are turned round once. */
function compile(layer: Layer, [c = 1, h = 1, w = 1]: readonly number[]): (x: any) => tf.Tensor {
  const shape = [...layer.shape];
  const bias = layer.bias.length ? tf.tensor1d(layer.bias) : undefined;
  if (layer.op === 'conv') {
    const filter = tf.transpose(
      tf.tensor4d(layer.weight, shape as [number, number, number, number]),
      [2, 3, 1, 0],
    );
    return (x) => tf.fused.conv2d({ x, filter, strides: 1, pad: 'valid', bias: bias! });
  }
  if (layer.op === 'linear') {
    const [out, inputs] = shape as [number, number];
    const parts = tf.tensor5d(layer.weight, [out, c, h, w, inputs / (c * h * w)]);
    const b = tf.reshape(tf.transpose(parts, [2, 3, 1, 4, 0]), [inputs, out]);
    return (a) => tf.fused.matMul({ a, b, bias: bias! });
  }
  if (layer.op === 'silu') return (x) => tf.mul(x, tf.sigmoid(x));
  if (layer.op === 'relu') return (x) => tf.relu(x);
  if (layer.op === 'pool') return (x) => tf.maxPool(x, 2, 2, 'valid');
  return (x) => tf.reshape(x, [x.shape[0], -1]);
}
