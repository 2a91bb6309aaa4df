/*
 * The one place that knows every backend. Each is imported only when used, so that a local backup never loads the
 * AWS SDK.
 */
import { withLimit } from './limit.ts'
import type { StorageOptions } from './options.ts'
import { withRetry } from './retry.ts'
import type { Storage } from './storage.ts'

/**
 * Opens a storage, with retry and limits around the backend.
 * @throws UserError when the place cannot be used at all (a local folder that is not there).
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  if (options.type === 'local') {
    const { openLocal } = await import('./local/local.ts')
    return withLimit(await openLocal(options.path))
  }
  const { openS3 } = await import('./s3/s3.ts')
  return withLimit(withRetry(openS3(options)))
}
