import { UserError } from '../../shared/errors.ts'
import { AccessDeniedError, StorageError } from '../errors.ts'
import { RcloneCallError } from './api.ts'

/** How much of a message is passed on, in characters: some services answer with whole web pages. */
const longestTold = 500

/*
 * A remote's errors come as text only, in the words of seventy services. What asks for patience is tried again, what
 * is known never to pass is told at once, and what nobody knows is tried again.
 */
const slowDown = /rate.?limit|too many requests|slow.?down|(?<![\w/])429(?![\w/])|try again/i
const full = /no space left|disk full|quota|insufficient.?(?:storage|space)|storage.?full|over.?limit/i
const refused =
  /permission denied|access.?denied|forbidden|unauthori[sz]ed|invalid_grant|token.{0,20}expired|login incorrect|read-only file system|insufficient.?permission|(?<![\w/])40[13](?![\w/])/i
const unknownRemote = /didn't find section in config file|didn't find backend called/i

/** The storage contract's error for what a call about `remote` threw. That something is missing, its caller tells. */
export function rcloneError(remote: string, cause: unknown): unknown {
  if (!(cause instanceof RcloneCallError)) return cause
  const { said, status } = cause
  const message = `${remote}: rclone says: ${said.slice(0, longestTold)}`
  if (unknownRemote.test(said)) {
    const hint = 'See its remotes with `rclone listremotes`; set `config` if they stand in another file.'
    return new UserError(`rclone's configuration has no remote for ${remote}`, { hint, cause })
  }
  if (slowDown.test(said)) return new StorageError(message, { transient: true, cause })
  if (full.test(said)) {
    const hint = 'Make room there. What was stored so far is safe.'
    return new StorageError(message, { transient: false, hint, cause })
  }
  if (refused.test(said)) {
    const hint = `Try \`rclone lsd ${remote}\`; if that is refused too, \`rclone config reconnect\` may help.`
    return new AccessDeniedError(message, { hint, cause })
  }
  return new StorageError(message, { transient: status >= 500, cause })
}
