import { serve } from '../../../src/shared/threads/serve.ts'

/** Answers, or dies of an error outside of the job. */
serve(async (job: string) => {
  if (job === 'die')
    setImmediate(() => {
      throw new Error('a bug')
    })
  if (job === 'die') return await new Promise(() => undefined)
  return `did ${job}`
})
