import { defineConfig } from 'vite';

const pages = [
  'inkgrad',
  'ort-wasm',
  'ort-webgpu',
  'tfjs-wasm',
  'tfjs-webgpu',
  'jax',
  'exporter',
  'limits',
];

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages.map((page) => `${page}.html`) },
  },
});
