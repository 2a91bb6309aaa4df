import { defineConfig } from 'vitest/config'

/** Slow and in need of a Docker daemon, so `npm run test:image` runs it apart from the other tests. */
export default defineConfig({
  test: {
    include: ['test/image/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 15 * 60_000,
    reporters: ['verbose'],
  },
})
