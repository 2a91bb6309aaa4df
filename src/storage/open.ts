/*
 * The one place that knows every backend. Each is imported only when used, so that a local backup never loads the
 * AWS SDK.
 */
import { withIdleTimeout } from './idle.ts'
import { withLimit } from './limit.ts'
import { withAdaptiveUploads } from './limits/adaptive.ts'
import { Throttle, type Pace } from './limits/throttle.ts'
import { throttled } from './limits/throttled.ts'
import type { BackendOptions, StorageOptions } from './options.ts'
import { defaultRetryPolicy, withRetry, type RetryPolicy } from './retry.ts'
import type { CallOptions, Storage } from './storage.ts'

/** Options to open a storage with, in any thread, for as long as this is not disposed of. */
export interface PreparedStorage extends AsyncDisposable {
  options: StorageOptions
}

/**
 * Starts what the threads that open a storage have in common: the program that rclone's remotes are reached through.
 * @throws UserError when that can't be started.
 */
export async function prepareStorage(
  options: StorageOptions,
  call: CallOptions = {},
): Promise<PreparedStorage> {
  if (options.type !== 'rclone') return { options, async [Symbol.asyncDispose]() {} }
  const { startRclone } = await import('./rclone/daemon.ts')
  const daemon = await startRclone(options, call)
  return {
    options: { ...options, configPassword: undefined, daemon: daemon.address },
    [Symbol.asyncDispose]: async () => await daemon[Symbol.asyncDispose](),
  }
}

export interface OpenOptions extends CallOptions {
  /** How long whole calls are tried again; a backend has its own policy for the parts of an upload. */
  policy?: RetryPolicy
}

/**
 * Opens a storage, with retry and limits around the backend.
 * @param signal ends the opening alone.
 * @throws UserError when the place cannot be used at all (a local folder that is not there).
 */
export async function openStorage(
  options: StorageOptions,
  { policy = defaultRetryPolicy, signal }: OpenOptions = {},
): Promise<Storage> {
  const { limits = [] } = options
  const throttle = limits.length === 0 ? undefined : new Throttle(limits)
  const backend = await openBackend(options, throttle?.upload, { signal })
  const limited = throttle
    ? throttled(backend, throttle, { pacesBodies: pacingTypes.includes(options.type) })
    : backend
  return withLimit(withRetry(limited, policy))
}

/** Those that let bodies out by the pace that they are opened with, slice by slice. */
const pacingTypes: readonly BackendOptions['type'][] = ['s3', 'gcs']

async function openBackend(
  options: BackendOptions,
  pace: Pace | undefined,
  call: CallOptions,
): Promise<Storage> {
  switch (options.type) {
    case 'local': {
      const { openLocal } = await import('./local/local.ts')
      return await openLocal(options.path)
    }
    case 's3': {
      const { openS3 } = await import('./s3/s3.ts')
      return overNetwork(openS3(options, undefined, pace))
    }
    case 'gcs': {
      const { openGcs } = await import('./gcs/gcs.ts')
      return overNetwork(openGcs(options, undefined, pace))
    }
    case 'sftp': {
      const { openSftp } = await import('./sftp/sftp.ts')
      return overNetwork(await openSftp(options, undefined, call))
    }
    case 'drive': {
      const { openDrive } = await import('./drive/drive.ts')
      return overNetwork(openDrive(options))
    }
    case 'rclone': {
      const { openRclone } = await import('./rclone/rclone.ts')
      return overNetwork(await openRclone(options, call))
    }
  }
}

/** What every backend needs that is reached over a network. */
function overNetwork(backend: Storage): Storage {
  return withAdaptiveUploads(withIdleTimeout(backend))
}
