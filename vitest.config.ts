import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const isLong = ({ moduleId }: TestSpecification): boolean =>
  /test\/(?:runs\/backup|storage\/faults)\//.test(moduleId)

/** Files that run for a minute or more come first: one that came last would keep everybody waiting. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/{image,cluster}/**'],
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/support/globalSetup.ts'],
    // By itself it leaves one core of two unused, and many tests wait for servers and disks most of the time.
    maxWorkers: Math.max(3, availableParallelism()),
    // What bin/safelight sets: else each thread of each backup would compile the sources again.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    // Against what hangs, and not against what is slow on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
})
