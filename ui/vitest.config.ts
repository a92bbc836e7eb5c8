import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // They give way to other tests (`make test`), so nothing is overdue soon. They test functions and share what they
  // import: to import it anew for each file takes ten times as long as the tests.
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000, isolate: false },
})
