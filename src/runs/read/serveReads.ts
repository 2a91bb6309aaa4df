import { workerData } from 'node:worker_threads'
import { serve } from '../../shared/threads/serve.ts'
import { openStorage } from '../../storage/open.ts'
import type { StorageOptions } from '../../storage/options.ts'
import type { ReadContent, ReadObject } from './object.ts'
import type { ObjectOutcome } from './outcome.ts'
import { checkStoredBytes, readObject, type Extent } from './readObject.ts'
import type { SinkFor } from './slicer.ts'

/** What every reading worker knows. */
export interface ReadSetting {
  storage: StorageOptions
  vaultId: string
  /** What the worker's own task needs beside. */
  task: unknown
}

/** `stored` holds only the stored bytes against the manifest, without data keys; see {@link Extent} for the others. */
export type ReadLevel = Extent | 'stored'

/** Some objects to read, one after the other. */
export interface ReadJob<C extends ReadContent = ReadContent> {
  level: ReadLevel
  objects: { object: ReadObject<C>; dataKey: Uint8Array }[]
}

/** Bytes that were read since the last note. */
export type ReadNote = number

/** How a job went: its objects, and what the task says of them. */
export interface ReadResult<R> {
  outcomes: ObjectOutcome[]
  report: R
}

/** What a worker does with the contents of one job. */
export interface ReadTask<C extends ReadContent, R> {
  /** Whether the bytes of a content have to be read; asked before anything is. */
  isNeeded?: (content: C) => boolean
  sinkFor: SinkFor<C>
  /** Called when the job's last object was read. */
  report: () => R
}

/** Makes this thread a worker that reads objects. @param begin makes the task of one job. */
export function serveReads<C extends ReadContent, R>(begin: (setting: unknown) => ReadTask<C, R>): void {
  const setting = workerData as ReadSetting
  const opened = openStorage(setting.storage)

  serve(async ({ level, objects }: ReadJob<C>, { signal, note }): Promise<ReadResult<R>> => {
    let unsaid = 0
    const say = (bytes: number): void => {
      unsaid += bytes
      if (unsaid < noteEvery) return
      note(unsaid satisfies ReadNote)
      unsaid = 0
    }
    const source = { storage: await opened, vaultId: setting.vaultId, onBytes: say }
    const task = begin(setting.task)
    const outcomes: ObjectOutcome[] = []
    for (const { object, dataKey } of objects) {
      signal.throwIfAborted()
      if (task.isNeeded) object.contents = object.contents.filter(task.isNeeded)
      outcomes.push(
        level === 'stored'
          ? await checkStoredBytes(source, object, { signal })
          : await readObject(source, object, dataKey, task.sinkFor, { extent: level, signal }),
      )
    }
    note(unsaid satisfies ReadNote)
    return { outcomes, report: task.report() }
  })
}

/** Bytes between two notes of progress: a large file moves the bar, and small ones cost no message each. */
const noteEvery = 4 * 1024 * 1024
