/*
 * The configuration file's shape, and what makes a single field valid. What needs the machine (whether a folder is
 * there) or several fields at once is checked in checks.ts.
 */
import picomatch from 'picomatch'
import * as z from 'zod'
import { libraryFolders } from '../immich/folders.ts'
import { isReference } from './secret.ts'
import { recipientProblem } from './recipient.ts'

export const comparisons = ['size', 'mtime', 'ctime', 'inode'] as const

const name = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'a name has 1 to 64 lower-case letters, digits and hyphens, nothing else')
const text = z.string().min(1, 'is empty')

/** A secret field. The message never repeats what was written there. */
const secret = z
  .string()
  .refine(isReference, 'takes a reference to the secret, env:NAME or file:/path, and never the secret itself')

const hex128 = z.string().regex(/^[0-9a-f]{32}$/, 'has 32 hexadecimal digits; `safelight init` writes it')
const pin = z.strictObject({ id: hex128, fingerprint: hex128 })

const httpUrl = z.url({ protocol: /^https?$/, error: 'is no http or https URL' }).refine((value) => {
  const url = URL.parse(value)
  return url === null || (url.username === '' && url.password === '')
}, 'must not hold a user name or a password')

const glob = text.refine(isGlob, 'is no valid glob pattern')

const recipient = z.string().superRefine((value, context) => {
  const problem = recipientProblem(value)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

const localDestination = z.strictObject({
  name,
  type: z.literal('local'),
  path: text,
  vault: pin.optional(),
})

const s3Destination = z.strictObject({
  name,
  type: z.literal('s3'),
  bucket: text,
  prefix: z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'has printable ASCII characters only')
    .refine((value) => !/^\/|\/$|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(value), {
      error: 'has no slash at its ends, and no empty, . or .. part',
    })
    .default(''),
  region: text.default('us-east-1'),
  endpoint: httpUrl.optional(),
  forcePathStyle: z.boolean().default(false),
  storageClass: text.optional(),
  credentials: z
    .strictObject({ accessKeyId: secret, secretAccessKey: secret, sessionToken: secret.optional() })
    .optional(),
  vault: pin.optional(),
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
  database: z
    .union([z.literal(false), z.strictObject({ url: secret.optional(), ca: secret.optional() })])
    .optional(),
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
  destinations: z.array(z.discriminatedUnion('type', [localDestination, s3Destination])).default([]),
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
