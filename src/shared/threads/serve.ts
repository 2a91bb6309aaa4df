import { parentPort } from 'node:worker_threads'
import { toPlainError, type FromWorker, type ToWorker } from './protocol.ts'

/** What a job can say to the main thread while it runs. */
export interface JobContext {
  signal: AbortSignal
  /** Asks the main thread and waits for the answer. One question at a time for each job. */
  ask: (question: unknown) => Promise<unknown>
  /** Tells the main thread of progress. */
  note: (note: unknown) => void
}

/** Makes this thread a worker of a {@link file://./pool.ts} pool. Jobs may run at the same time. */
export function serve(handle: (job: never, context: JobContext) => Promise<unknown>): void {
  const port = parentPort
  if (!port) throw new Error('this module runs in a worker thread only')
  const abort = new AbortController()
  const waiting = new Map<number, (answer: unknown) => void>()
  const send = (message: FromWorker): void => port.postMessage(message)

  const run = async (id: number, job: unknown): Promise<void> => {
    const context: JobContext = {
      signal: abort.signal,
      ask: async (question) =>
        await new Promise((resolve, reject) => {
          const stop = (): void => reject(abort.signal.reason as Error)
          abort.signal.addEventListener('abort', stop, { once: true })
          waiting.set(id, (answer) => {
            abort.signal.removeEventListener('abort', stop)
            resolve(answer)
          })
          send({ kind: 'question', id, question })
        }),
      note: (note) => send({ kind: 'note', id, note }),
    }
    try {
      send({ kind: 'done', id, result: await handle(job as never, context) })
    } catch (error) {
      send({ kind: 'failed', id, error: toPlainError(error) })
    }
  }

  port.on('message', (message: ToWorker) => {
    if (message.kind === 'job') void run(message.id, message.job)
    else if (message.kind === 'abort') abort.abort()
    // Ends this thread alone; open connections would keep it from ending by itself.
    else if (message.kind === 'close') process.exit()
    else {
      const resolve = waiting.get(message.id)
      waiting.delete(message.id)
      resolve?.(message.answer)
    }
  })
}
