import { UserError } from '../../shared/errors.ts'
import { AccessDeniedError, StorageError } from '../errors.ts'
import { mayPass, networkHint } from '../network.ts'
import { DriveFailure } from './answer.ts'
import type { DriveFile } from './file.ts'

/** Reasons of a 403 that pass: https://developers.google.com/workspace/drive/api/guides/handle-errors */
const passingReasons = new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'sharingRateLimitExceeded'])

/** Reasons of a 403 that are a limit reached, and what can be done about each. */
const fullReasons: Record<string, string> = {
  storageQuotaExceeded:
    'Make room there, or get more storage. A service account has none of its own: give it a shared drive.',
  quotaExceeded: 'Make room there, or get more storage.',
  dailyLimitExceeded: "Wait until tomorrow, or raise the quota of the Drive API in the project's console.",
  teamDriveFileLimitExceeded: 'A shared drive holds 500,000 items. Use another one for a new vault.',
  activeItemCreationLimitExceeded: 'The account holds as many items as Drive allows. Use another one.',
  numChildrenInNonRootLimitExceeded: 'A folder there holds as many items as Drive allows.',
  teamDriveHierarchyTooDeep: 'Put the vault into a folder that lies less deep.',
  myDriveHierarchyDepthLimitExceeded: 'Put the vault into a folder that lies less deep.',
}

/** Two machines that made the same thing at once have settled that after so many milliseconds, if they live. */
const settledMs = 60_000

/**
 * Several files or folders have the name of one object or folder. Drive allows that, and nothing tells which of them
 * is meant. Where the last was made just now, it is worth another try: its maker may be about to withdraw it.
 */
export class DuplicateNameError extends StorageError {
  readonly ids: readonly string[]

  constructor(path: string, files: readonly DriveFile[], location: string) {
    const each = files.map(({ id, createdTime }) => `${id} (made ${createdTime})`).join(' and ')
    super(`${path} stands for more than one thing in ${location}: ${each}`, {
      transient: files.some(({ createdTime }) => Date.now() - Date.parse(createdTime) < settledMs),
      hint: files.some(({ isFolder }) => isFolder)
        ? 'Open https://drive.google.com/drive/folders/ID for each. Move what lies in the younger folders into the oldest one, then remove them.'
        : 'Open https://drive.google.com/file/d/ID for each. Keep the oldest, and move the others to the trash; then verify the backups.',
    })
    this.name = 'DuplicateNameError'
    this.ids = files.map(({ id }) => id)
  }
}

/** The HTTP status that an error of the storage contract came from. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && error.cause instanceof DriveFailure ? error.cause.status : undefined
}

/** The storage contract's error for whatever the client threw. @param what the call was about: a key, a folder. */
export function driveError(error: unknown, what: string, location: string): Error {
  const cause = new DriveFailure(error)
  const { status, reason = '', isAboutToken, retryAfterMs, message } = cause
  const told = { retryAfterMs, cause, ...networkHint(error) }
  if (passes(cause)) return new StorageError(message, { transient: true, ...told })
  if (isAboutToken || status === 401) return noToken(cause)
  if (status === 403 && /accessNotConfigured|SERVICE_DISABLED/.test(reason)) {
    return new UserError(`the Drive API is turned off: ${message}`, {
      cause,
      hint: "Enable it in the Google Cloud console, in the project of the credentials: 'APIs & Services', 'Library', 'Google Drive API'.",
    })
  }
  const hint = fullReasons[reason]
  if (status === 403 && hint === undefined) {
    return new AccessDeniedError(`${location} refuses ${what}: ${message}`, {
      cause,
      hint: 'Check what the account may do in the folder: it has to be a contributor (shared drive) or an editor.',
    })
  }
  return new StorageError(`${what} in ${location}: ${message}`, {
    transient: false,
    ...told,
    ...(hint === undefined ? {} : { hint }),
  })
}

function passes({ status, reason = '' }: DriveFailure): boolean {
  // The name is that of fetching an access token in vain: see credentials.ts.
  if (status === undefined) return mayPass({ code: reason }) || reason === 'TimeoutError'
  return mayPass({ status }) || (status === 403 && passingReasons.has(reason))
}

function noToken(cause: DriveFailure): AccessDeniedError {
  return new AccessDeniedError(`Google accepts the credentials for Drive no more: ${cause.message}`, {
    cause,
    hint:
      cause.reason === 'invalid_grant'
        ? 'The refresh token or key was revoked or has expired (those of an app in testing do after 7 days), or this clock is wrong. Make a new one.'
        : 'Check the client id and secret, or the service account key.',
  })
}
