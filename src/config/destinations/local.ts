import * as z from 'zod'
import type { LocalOptions } from '../../storage/options.ts'
import { name, pin, text } from '../fields.ts'
import type { Resolved } from '../secret.ts'

export const localDestination = z.strictObject({
  name,
  type: z.literal('local'),
  path: text,
  vault: pin.optional(),
})

export type LocalDestination = Resolved<z.infer<typeof localDestination>>

export function localOptions({ path }: LocalDestination): LocalOptions {
  return { type: 'local', path }
}
