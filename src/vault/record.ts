import * as z from 'zod'

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/)
const runId = z.string().regex(/^[0-9a-f]{16}$/)
const size = z.number().int().nonnegative()
const sequence = z.number().int().min(1).max(9_999_999_999)

/** An object of the vault as it lies there: enough to check the stored bytes without any data key. */
const storedObject = z.object({ key: z.string(), size, sha256: sha256Hex })
export type StoredObject = z.infer<typeof storedObject>

const storedManifest = storedObject.extend({
  kind: z.enum(['full', 'delta']),
  /** Size of the SQLite file in bytes: a reader decompresses no more. */
  plaintextSize: size,
  /** It holds every row up to this sequence; a delta holds those after the sequence of the manifest before it. */
  sequence,
})
/** One manifest of a chain. */
export type StoredManifest = z.infer<typeof storedManifest>

const storedDump = storedObject.extend({
  /** Of the gzip file. */
  plaintextSize: size,
  plaintextSha256: sha256Hex,
  keyId: z.string().regex(/^[0-9a-f]{32}$/),
  /** Size of the SQL text. */
  sqlSize: size,
  /** The moment that the dump and the catalogue show. */
  taken: z.iso.datetime(),
})
/** The database dump of a snapshot. */
export type StoredDump = z.infer<typeof storedDump>

const recordId = z.object({ sequence, runId })
export type RecordId = z.infer<typeof recordId>

const recordReference = recordId.extend({ sha256: sha256Hex })
/** A record, and the SHA-256 of its object. */
export type RecordReference = z.infer<typeof recordReference>

const crossCheck = z.object({
  /** Files that the database names and that cannot be made again. */
  expected: size,
  missing: size,
  /** Originals whose SHA-1 is not the one that Immich wrote down. */
  mismatched: size,
  assets: size,
})
export type CrossCheck = z.infer<typeof crossCheck>

const counts = z.object({ files: size, bytes: size, directories: size, symlinks: size })
/** What a snapshot holds. `bytes` is the sum of the files' sizes. */
export type Counts = z.infer<typeof counts>

export const changesSchema = z.object({
  added: size,
  changed: size,
  archived: size,
  storedContents: size,
  storedBytes: size,
  unreadable: size,
  unstable: size,
  deferred: size,
})
/** What the run did. `storedBytes` counts ciphertext. */
export type Changes = z.infer<typeof changesSchema>

const catalogue = storedObject.extend({
  /** Size of the SQLite file in bytes: a reader decompresses no more. */
  plaintextSize: size,
  assets: size,
  /** What reading it warned of. */
  warnings: z.array(z.string()),
})
/** The files that a database dump names, as they are kept for whoever joins the parts of a backup. */
export type StoredCatalogue = z.infer<typeof catalogue>

const part = z.object({
  /** What the parts of one backup have in common. */
  job: z.string(),
  index: size,
  of: z.number().int().min(1),
  /** The host's record that the part began from; null: it had none. */
  base: recordId.nullable(),
  /** False while there is something left to store. */
  done: z.boolean(),
  /** Originals whose SHA-1 is not the one that Immich wrote down. */
  mismatched: size,
  /** Of the part that dumps the database. */
  catalogue: catalogue.nullable(),
})
/** What a record says that is one part of a backup, and no restore point. */
export type RecordedPart = z.infer<typeof part>

const joinedParts = z.object({
  job: z.string(),
  records: z.array(recordReference),
})
/** The parts that a snapshot was made of, by index. */
export type JoinedParts = z.infer<typeof joinedParts>

export const recordSchema = z.object({
  version: z.literal(1),
  host: z.string().regex(/^[a-z0-9-]{1,64}$/),
  runId,
  sequence,
  /** The records that this one follows: one, none for the first, several after a fork. */
  parents: z.array(recordReference).max(64),
  started: z.iso.datetime(),
  created: z.iso.datetime(),
  /**
   * When the run began that last saw all files; null: none did yet. A run that only takes the database carries it over.
   * Absent in the first records.
   */
  filesTaken: z.iso.datetime().nullable().optional(),
  /** False for a checkpoint, which is no restore point. */
  complete: z.boolean(),
  part: part.optional(),
  parts: joinedParts.optional(),
  program: z.string(),
  immich: z
    .object({ version: z.string(), source: z.enum(['database', 'server', 'configuration']) })
    .nullable(),
  postgres: z.object({ version: z.string() }).nullable(),
  /** The base, then every delta in order. */
  manifests: z.array(storedManifest).min(1).max(31),
  database: storedDump.nullable(),
  /** The newest restore point before this record, and what it held: a sharp drop is measured against it. */
  restorePoint: recordId.extend({ files: size, assets: size.nullable() }).nullable(),
  /** `vault.json` and the index keys as they were at the first snapshot. */
  keys: z.array(storedObject),
  /** Newest records of the same host at other destinations, by destination name. */
  heads: z.record(z.string(), recordId),
  counts,
  changes: changesSchema,
  crossCheck: crossCheck.nullable(),
  /** A tenth of the assets or files, or more, is gone since the snapshot before. */
  sharpDrop: z.boolean(),
  warnings: z.array(z.string()),
})

/** The snapshot record: the commit of a run. */
export type SnapshotRecord = z.infer<typeof recordSchema>

/** The moment of the files that a record holds; null where no run has seen all of them yet. */
export function filesTaken({ filesTaken, complete, started }: SnapshotRecord): string | null {
  if (filesTaken !== undefined) return filesTaken
  return complete ? started : null
}
