/* Kinds of fields that several parts of the configuration have. */
import * as z from 'zod'
import { duration } from './duration.ts'
import { limits } from './limits.ts'
import { isReference, referenceForms, SecretReference } from './secret.ts'

export const name = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'a name has 1 to 64 lower-case letters, digits and hyphens, nothing else')

export const text = z.string().min(1, 'is empty')

/** A secret field. The message never repeats what was written there. */
export const secret = z
  .string()
  .refine(isReference, `takes a reference to the secret, ${referenceForms}, and never the secret itself`)

/** The same within a destination: what is parsed says by its type that it is a reference, and gets followed. */
export const secretReference = secret.transform((reference) => new SecretReference(reference))

const hex128 = z.string().regex(/^[0-9a-f]{32}$/, 'has 32 hexadecimal digits; `safelight init` writes it')
export const pin = z.strictObject({ id: hex128, fingerprint: hex128 })

/** What a destination has, of whatever type. */
export const everyDestination = {
  name,
  vault: pin.optional(),
  expectEvery: duration.optional(),
  limits: limits.optional(),
}

export const httpUrl = z.url({ protocol: /^https?$/, error: 'is no http or https URL' }).refine((value) => {
  const url = URL.parse(value)
  return url === null || (url.username === '' && url.password === '')
}, 'must not hold a user name or a password')

/** Where in a bucket, a drive or a remote a vault lies. */
export const prefix = z
  .string()
  .regex(/^[\x21-\x7e]*$/, 'has printable ASCII characters only')
  .refine((value) => !/^\/|\/$|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(value), {
    error: 'has no slash at its ends, and no empty, . or .. part',
  })
  .default('')
