/* The fields of the program's JSON that the demo reads. */
import { z } from 'zod'

const count = z.number().int().nonnegative()

export const anyResult = z.looseObject({})

export const initResult = z.object({ vault: z.object({ id: z.string() }) })

/** Of the one destination. */
export const backupResult = z.tuple([
  z.object({
    snapshot: z.object({
      id: z.string(),
      counts: z.object({ files: count, bytes: count }),
      changes: z.object({
        added: count,
        changed: count,
        archived: count,
        storedContents: count,
        storedBytes: count,
        deferred: count,
      }),
      crossCheck: z.object({ expected: count, missing: count, mismatched: count }).nullish(),
      database: z.object({ plaintextSize: count, sqlSize: count }),
    }),
    warnings: z.array(z.string()),
  }),
])

export type Backup = z.infer<typeof backupResult>[0]['snapshot']

export const verifyResult = z.object({
  outcome: z.string(),
  statement: z.string(),
  objects: z.object({ bytes: count }),
  records: count,
  dumps: count,
})

export const restoreResult = z.object({
  counts: z.object({ restored: count, bytes: count }),
  dump: z.string().nullable(),
  problemCount: count,
})

export const restoreDatabaseResult = z.object({
  database: z.string(),
  counts: z.object({ assets: count, albums: count, users: count }),
})
