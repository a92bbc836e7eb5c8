import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // They give way to other tests (`make test`), so nothing is overdue soon.
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
})
