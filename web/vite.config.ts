import { defineConfig } from 'vite';

export default defineConfig({
  base: './', // any folder of any static host
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The page, and the library that other pages import under this very name.
      input: { index: 'index.html', inkgrad: 'src/recognizer.ts' },
      preserveEntrySignatures: 'allow-extension',
      output: {
        entryFileNames: ({ name }) =>
          name === 'inkgrad' ? '[name].js' : 'assets/[name]-[hash].js',
      },
    },
  },
});
