import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.TAPETUM_URL ?? 'http://127.0.0.1:4318'

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  // Relative asset URLs would break deep links; the server serves the bundle at its root.
  base: '/',
  build: {
    outDir: fileURLToPath(new URL('../server/src/tapetum_server/static', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // Inlined data: URLs would need a wider content security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  // The server answers writes from its own pages only: the proxy speaks as one.
  server: { proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } } },
})
