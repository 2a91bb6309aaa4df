import { Worker } from 'node:worker_threads'
import { fromPlainError, type FromWorker, type ToWorker } from './protocol.ts'

interface PendingJob {
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
  answer: ((question: unknown) => unknown) | undefined
  note: ((note: unknown) => void) | undefined
}

interface Thread {
  worker: Worker
  jobs: Map<number, PendingJob>
  /** Why the thread is no more. */
  end: Error | undefined
}

/** What the main thread does while a worker is at a job. */
export interface JobListener {
  /** Answers a question that the worker asks in the middle of the job. */
  answer?: (question: never) => unknown
  /** Hears of progress. */
  note?: (note: never) => void
}

/**
 * Small, so that a worker's garbage goes soon: a cipher's output lies outside of the heap in 16 KiB pieces, and only a
 * collection of the young generation frees them. Measured over 900 MB of photos: 350 MB at the usual 16, 260 MB at 1.
 */
const youngGenerationMb = 2

/** How long a thread may take to end itself. */
const patienceMs = 5000

/**
 * Worker threads that take jobs. A job goes to the thread that has the fewest. How many jobs run at once is the
 * caller's business: it awaits them.
 */
export class WorkerPool {
  readonly #threads: Thread[] = []
  #nextId = 1
  #closing = false
  readonly #abort: () => void
  readonly #signal: AbortSignal

  /** @param data what every worker gets as `workerData`. */
  constructor(script: URL, options: { size: number; data: unknown; signal: AbortSignal }) {
    for (let i = 0; i < options.size; i++) this.#threads.push(this.#start(script, options.data))
    this.#signal = options.signal
    this.#abort = () => {
      for (const { worker } of this.#threads) worker.postMessage({ kind: 'abort' } satisfies ToWorker)
    }
    this.#signal.addEventListener('abort', this.#abort, { once: true })
    if (this.#signal.aborted) this.#abort()
  }

  get size(): number {
    return this.#threads.length
  }

  /** Runs a job. @throws what the job threw, and an error when its thread died. */
  async run(job: unknown, listener: JobListener = {}): Promise<unknown> {
    const thread = this.#threads.reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a))
    if (thread.end !== undefined) throw thread.end
    const id = this.#nextId++
    return await new Promise((resolve, reject) => {
      const answer = listener.answer as PendingJob['answer']
      thread.jobs.set(id, { resolve, reject, answer, note: listener.note as PendingJob['note'] })
      thread.worker.postMessage({ kind: 'job', id, job } satisfies ToWorker)
    })
  }

  /**
   * Ends the threads. Jobs still running are lost: await them first. A thread ends itself, between two turns of its
   * event loop: one that is terminated while it loads a native module takes the whole process with it (SIGABRT, seen
   * with better-sqlite3 13 on Node 26). Only what does not answer for seconds is terminated.
   */
  async close(): Promise<void> {
    this.#closing = true
    this.#signal.removeEventListener('abort', this.#abort)
    await Promise.all(this.#threads.map(endThread))
  }

  #start(script: URL, data: unknown): Thread {
    const worker = new Worker(script, {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    })
    const thread: Thread = { worker, jobs: new Map(), end: undefined }
    worker.on('message', (message: FromWorker) => void this.#receive(thread, message))
    worker.on('error', (error) => failAll(thread, error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => {
      if (!this.#closing) failAll(thread, new Error('a worker thread ended unexpectedly'))
    })
    return thread
  }

  async #receive(thread: Thread, message: FromWorker): Promise<void> {
    const job = thread.jobs.get(message.id)
    if (!job) return
    if (message.kind === 'note') job.note?.(message.note)
    else if (message.kind === 'question') {
      try {
        const answer = await job.answer?.(message.question)
        thread.worker.postMessage({ kind: 'answer', id: message.id, answer } satisfies ToWorker)
      } catch (error) {
        thread.jobs.delete(message.id)
        job.reject(error)
      }
    } else {
      thread.jobs.delete(message.id)
      if (message.kind === 'done') job.resolve(message.result)
      else job.reject(fromPlainError(message.error))
    }
  }
}

async function endThread({ worker, end }: Thread): Promise<void> {
  if (end !== undefined) return
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  worker.postMessage({ kind: 'close' } satisfies ToWorker)
  const patience = setTimeout(() => void worker.terminate(), patienceMs)
  await ended
  clearTimeout(patience)
}

/** A thread that ended takes no job any more: it would be the one with the fewest, and wait for ever. */
function failAll(thread: Thread, error: Error): void {
  thread.end ??= error
  for (const job of thread.jobs.values()) job.reject(error)
  thread.jobs.clear()
}
