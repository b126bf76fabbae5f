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

/** In Node. */
const scripts = ['dawn', 'options'];

export default defineConfig(({ isSsrBuild }) => ({
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: isSsrBuild
        ? scripts.map((script) => `src/${script}.ts`)
        : pages.map((page) => `${page}.html`),
    },
  },
}));
