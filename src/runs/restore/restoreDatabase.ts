import { createHash } from 'node:crypto'
import { DecryptionError } from '../../crypto/cobblestone.ts'
import { decryptStream } from '../../crypto/envelope.ts'
import type { ImmichCounts } from '../../immich/counts.ts'
import { loadDump } from '../../immich/loadDump.ts'
import type { DatabaseSettings } from '../../immich/settings.ts'
import { errorMessage, UserError } from '../../shared/errors.ts'
import { DataKeyRing } from '../../vault/dataKeys.ts'
import { objectContext } from '../../vault/layout.ts'
import type { SnapshotRecord, StoredDump } from '../../vault/record.ts'
import { recordName } from '../../vault/snapshots.ts'
import type { Vault, VaultIdentity } from '../../vault/vault.ts'
import { isLoss } from '../loss.ts'

export interface RestoreDatabaseOptions {
  vault: Vault
  identity: VaultIdentity
  record: SnapshotRecord
  /** The database to load into; it must be there. */
  settings: DatabaseSettings
  /** Replace what is in the database. */
  overwrite: boolean
  /** Hears of bytes of the dump that were loaded, and of how many there are. */
  onProgress: (bytesDone: number, bytesTotal: number) => void
  signal: AbortSignal
}

/**
 * Loads the dump of a snapshot into a database, straight from the vault: whole and proven, or not at all.
 * @returns what Immich will find there: as many assets as were counted beside the dump when it was taken.
 * @throws UserError when the snapshot has no dump, the dump is damaged, the database does not take it, or assets are missing
 *   afterwards.
 */
export async function restoreDatabase(options: RestoreDatabaseOptions): Promise<ImmichCounts> {
  const { record, settings, overwrite, signal } = options
  const { database } = record
  if (!database) {
    throw new UserError(`snapshot ${recordName(record)} has no database dump`, {
      hint: "'safelight snapshots' shows which ones have.",
    })
  }
  try {
    const counts = await loadDump({ settings, gzip: provenDump(options, database), overwrite, signal })
    checkAssets(counts, record)
    return counts
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof UserError || !isLoss(error)) throw error
    throw new UserError(`the database dump ${database.key} can't be read: ${errorMessage(error)}`, {
      hint: 'The database is as it was. Choose another snapshot with --snapshot.',
      cause: error,
    })
  }
}

/** A snapshot that took files alone has an older dump, and no count beside it. */
function checkAssets({ assets }: ImmichCounts, record: SnapshotRecord): void {
  const { crossCheck } = record
  if (crossCheck === null || crossCheck.assets === assets) return
  throw new UserError(
    `the database has ${assets} assets now, and ${crossCheck.assets} were counted for snapshot ${recordName(record)}`,
    {
      hint: 'All of the dump was loaded, and it is not what it should be. Choose another snapshot with --snapshot.',
    },
  )
}

/** The gzip file. Its last piece comes only once all of it has proved to be the dump that was taken. */
async function* provenDump(
  { vault, identity, onProgress, signal }: RestoreDatabaseOptions,
  dump: StoredDump,
): AsyncGenerator<Uint8Array, void, undefined> {
  const keys = new DataKeyRing(vault, identity)
  await keys.load([Buffer.from(dump.keyId, 'hex')], { signal })
  const hash = createHash('sha256')
  const ciphertext = vault.storage.read(dump.key, { signal })
  let held: Uint8Array = new Uint8Array()
  let done = 0
  for await (const piece of decryptStream(keys.lookup, objectContext(vault.id, dump.key), ciphertext)) {
    if (piece.length === 0) continue
    yield held
    hash.update(piece)
    held = piece
    done += piece.length
    onProgress(done, dump.plaintextSize)
  }
  if (hash.digest('hex') !== dump.plaintextSha256) {
    throw new DecryptionError('it is not the dump that the snapshot record names')
  }
  yield held
}
