import * as z from 'zod'
import type { LocalOptions } from '../../storage/options.ts'
import { everyDestination, text } from '../fields.ts'
import type { Resolved } from '../secret.ts'

export const localDestination = z.strictObject({
  ...everyDestination,
  type: z.literal('local'),
  path: text,
})

export type LocalDestination = Resolved<z.infer<typeof localDestination>>

export function localOptions({ path }: LocalDestination): LocalOptions {
  return { type: 'local', path }
}
