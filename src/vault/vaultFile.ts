import { createHmac, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'
import { exitCodes, UserError } from '../shared/errors.ts'
import { formatVersion } from './layout.ts'

const anyVersion = z.object({ format: z.literal('safelight'), version: z.number().int() })
const fields = z.strictObject({
  ...anyVersion.shape,
  id: z.string().regex(/^[0-9a-f]{32}$/),
  created: z.iso.datetime(),
  writeOnly: z.boolean(),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
})

/** What `vault.json` says. Nothing in it is secret, and nothing is believed unless it {@link isAuthentic}. */
export type VaultFile = z.infer<typeof fields>

/** The bytes of a new `vault.json`. */
export function encodeVaultFile(
  key: Uint8Array,
  vault: { id: string; created: Date; writeOnly: boolean },
): Buffer {
  const unsigned = {
    format: 'safelight' as const,
    version: formatVersion,
    id: vault.id,
    created: vault.created.toISOString(),
    writeOnly: vault.writeOnly,
  }
  const file: VaultFile = { ...unsigned, mac: macOf(key, { ...unsigned, mac: '' }).toString('hex') }
  return Buffer.from(`${JSON.stringify(file, null, 2)}\n`)
}

/** @throws UserError when the bytes are no vault file, or one of a format that this program does not know. */
export function parseVaultFile(bytes: Uint8Array): VaultFile {
  const json = parseJson(bytes)
  // First of all: what other fields there are is the version's affair.
  const version = anyVersion.safeParse(json).data?.version
  if (version !== undefined && version !== formatVersion) {
    throw new UserError(
      `this vault has format version ${version}; this program knows version ${formatVersion}`,
      {
        hint: 'Use a newer Safelight.',
        exitCode: exitCodes.noVault,
      },
    )
  }
  const parsed = fields.safeParse(json)
  if (!parsed.success) {
    throw new UserError('vault.json is damaged: it is not what Safelight writes', {
      hint: 'Something else wrote to this place. Restore vault.json from another copy; it holds no secret.',
      exitCode: exitCodes.noVault,
    })
  }
  return parsed.data
}

/** Whether the file was written by a holder of the index key. */
export function isAuthentic(file: VaultFile, key: Uint8Array): boolean {
  return timingSafeEqual(macOf(key, file), Buffer.from(file.mac, 'hex'))
}

function macOf(key: Uint8Array, file: VaultFile): Buffer {
  const signed = [file.format, file.version, file.id, file.created, file.writeOnly]
    .map((value) => `${value}\n`)
    .join('')
  return createHmac('sha256', key).update(signed).digest()
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
