import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

// Built twice: the page, one script; then, in mode "library", what other pages import under these very
// names. Both use assets whose addresses hold a hash of their content, and never each other: versions do
// not mix. In one build the page's script would be three, for what they share, and 1.5 kB longer.
const LIBRARY = { inkgrad: 'src/recognizer.ts', 'ink-reader': 'src/element.ts' };

export default defineConfig(({ mode }) => ({
  base: './', // any folder of any static host
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    minify: 'terser', // 0.5 kB less, gzip, than by default
    terserOptions: {
      safari10: false,
      compress: { passes: 3, ecma: 2020, unsafe_arrows: true }, // no function here is a constructor
      format: { ecma: 2020 },
    },
    emptyOutDir: mode !== 'library',
    rolldownOptions: {
      input: mode === 'library' ? LIBRARY : { index: 'index.html' },
      preserveEntrySignatures: 'strict',
      output: {
        entryFileNames: ({ name }) => (name === 'index' ? 'assets/[hash]/[name].js' : '[name].js'),
        chunkFileNames: 'assets/[hash]/[name].js',
        assetFileNames: 'assets/[hash]/[name][extname]',
      },
    },
  },
  server: { fs: { allow: ['..'] } }, // the models
  plugins:
    mode === 'library'
      ? []
      : [
          {
            name: 'without what is for those who read the source',
            transformIndexHtml: (html) => html.replace(/<!--.*?-->/gs, '').replace(/\s+/g, ' '),
          },
          VitePWA({
            registerType: 'prompt',
            injectRegister: false, // the page's own script registers: see view/update.ts
            manifest: {
              name: 'inkgrad: draw a digit',
              short_name: 'inkgrad',
              description:
                'Draw a digit or a number: a small neural network reads it on your own device.',
              display: 'standalone',
              background_color: '#f5f2ec',
              theme_color: '#f5f2ec',
              icons: [
                { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
                { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
                { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
                { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
              ],
            },
            workbox: {
              navigateFallback: null, // one page; the example page is its own
              globPatterns: ['index.html', 'assets/**'],
              inlineWorkboxRuntime: true,
              ignoreURLParametersMatching: [/./], // ?model=, ?lang= … are the script's business
            },
          }),
        ],
}));
