import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../src/shared/errors.ts'
import { serve } from '../../../src/shared/threads/serve.ts'

/** A job for the tests: what the worker is to do with it. */
export interface EchoJob {
  do: 'echo' | 'fail' | 'ask' | 'note' | 'wait' | 'die'
  value?: unknown
}

serve(async (job: EchoJob, { ask, note, signal }) => {
  switch (job.do) {
    case 'echo':
      return job.value
    case 'fail':
      throw new UserError('it failed', { hint: 'try again', exitCode: 12 })
    case 'ask':
      return [await ask('first'), await ask('second')]
    case 'note':
      for (const n of [1, 2, 3]) note(n)
      return 'noted'
    case 'wait':
      await delay(60_000, undefined, { signal })
      return 'waited'
    case 'die':
      process.exit(3)
  }
})
