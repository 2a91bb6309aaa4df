import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/{image,cluster}/**'],
    globalSetup: ['test/support/globalSetup.ts'],
    // By itself it leaves one core of two unused, and many tests wait for servers and disks most of the time.
    maxWorkers: Math.max(3, availableParallelism()),
    // What bin/safelight sets: else each thread of each backup would compile the sources again.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
})
