import { defineConfig } from 'vitest/config'

/** Builds Kubernetes the first time, so `npm run test:cluster` runs it by hand. */
export default defineConfig({
  test: {
    include: ['test/cluster/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60 * 60_000,
    reporters: ['verbose'],
  },
})
