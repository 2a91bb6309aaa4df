import * as z from 'zod'
import type { RcloneOptions } from '../../storage/options.ts'
import { everyDestination, secretReference, text } from '../fields.ts'
import type { Resolved } from '../secret.ts'

/** A name as rclone allows it in its configuration, and any path. A closing bracket can't be said to its API. */
const remote = z.string().regex(/^[\w.+@][\w.+@ -]*:[^\]\r\n]*$/, {
  error: 'is name:path, with the name of a remote of `rclone listremotes`, and no ] in the path',
})

export const rcloneDestination = z.strictObject({
  ...everyDestination,
  type: z.literal('rclone'),
  remote,
  config: text.optional(),
  configPassword: secretReference.optional(),
})

export type RcloneDestination = Resolved<z.infer<typeof rcloneDestination>>

export function rcloneOptions({ remote, config, configPassword }: RcloneDestination): RcloneOptions {
  return { type: 'rclone', remote, config, configPassword: configPassword?.reveal() }
}
