/*
 * The configuration file's shape, and what makes a single field valid. What needs the machine (whether a folder is
 * there) or several fields at once is checked in checks.ts.
 */
import picomatch from 'picomatch'
import * as z from 'zod'
import { libraryFolders } from '../immich/folders.ts'
import { driveDestination } from './destinations/drive.ts'
import { gcsDestination } from './destinations/gcs.ts'
import { localDestination } from './destinations/local.ts'
import { rcloneDestination } from './destinations/rclone.ts'
import { s3Destination } from './destinations/s3.ts'
import { sftpDestination } from './destinations/sftp.ts'
import { duration } from './duration.ts'
import { httpUrl, name, pin, secret, text } from './fields.ts'
import { limits } from './limits.ts'
import { prices } from './prices.ts'
import { metrics } from './metrics.ts'
import { notify } from './notify.ts'
import { recipientProblem } from './recipient.ts'

export const comparisons = ['size', 'mtime', 'ctime', 'inode'] as const

const glob = text.refine(isGlob, 'is no valid glob pattern')

const recipient = z.string().superRefine((value, context) => {
  const problem = recipientProblem(value)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

const destination = z.discriminatedUnion('type', [
  localDestination,
  s3Destination,
  rcloneDestination,
  gcsDestination,
  sftpDestination,
  driveDestination,
])

const database = z
  .strictObject({
    url: secret.optional(),
    env: text.optional(),
    host: text.optional(),
    port: z.int().min(1, 'is a port, 1 to 65535').max(65_535, 'is a port, 1 to 65535').optional(),
    ca: secret.optional(),
  })
  .refine(({ url, env, host, port }) => url === undefined || (env ?? host ?? port) === undefined, {
    error: 'says all of it: leave out env, host and port',
    path: ['url'],
  })

export const configSchema = z.strictObject({
  host: name.default('main'),
  vault: pin.optional(),
  library: text.optional(),
  include: z
    .array(z.enum(libraryFolders))
    .refine(isWithoutRepeats, 'names something twice')
    .default(['library', 'upload', 'profile', 'backups']),
  sources: z
    .array(z.strictObject({ name, path: text, priority: z.int().min(0, 'is 0 or more').default(50) }))
    .default([]),
  ignore: z.array(glob).default([]),
  oneFileSystem: z.boolean().default(false),
  database: z.union([z.literal(false), database]).optional(),
  immichVersion: z
    .string()
    .regex(/^v\d+\.\d+\.\d+$/, 'has the form v3.1.0')
    .optional(),
  immichServer: httpUrl.optional(),
  compare: z
    .array(z.enum(comparisons))
    .refine(isWithoutRepeats, 'names something twice')
    .refine((list) => list.includes('size') && list.includes('mtime'), {
      error: 'needs size and mtime at least: without them a changed file would be missed',
    })
    .default([...comparisons]),
  state: text.optional(),
  identity: secret.optional(),
  passphrase: secret.optional(),
  recovery: z.array(recipient).default([]),
  writeOnly: z.boolean().default(false),
  expectEvery: duration.default('26h'),
  notify,
  metrics: metrics.optional(),
  statsInterval: z.int().optional(),
  maxRetries: z.int().optional(),
  limits: limits.optional(),
  prices: prices.default([]),
  destinations: z.array(destination).default([]),
})

/** A valid file, defaults filled in, references not yet followed. */
export type FileSettings = z.infer<typeof configSchema>

/** Every field of the file as a pattern of its path: `host`, `vault.id`, `destinations[].bucket`. */
export function fieldPatterns(): string[] {
  const found = new Set<string>()
  collect(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }), '', found)
  return [...found]
}

function collect(schema: z.core.JSONSchema._JSONSchema, pattern: string, found: Set<string>): void {
  if (typeof schema === 'boolean') return
  if (pattern !== '') found.add(pattern)
  for (const alternative of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
    collect(alternative, pattern, found)
  }
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    collect(child, pattern === '' ? key : `${pattern}.${key}`, found)
  }
  if (schema.items && !Array.isArray(schema.items)) collect(schema.items, `${pattern}[]`, found)
}

function isWithoutRepeats(list: readonly string[]): boolean {
  return new Set(list).size === list.length
}

/** Without `debug`, picomatch makes a pattern that it can't compile into one that matches nothing. */
function isGlob(pattern: string): boolean {
  try {
    picomatch.makeRe(pattern, { debug: true })
    return true
  } catch {
    return false
  }
}
