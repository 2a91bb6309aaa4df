import * as z from 'zod'
import type { SftpOptions } from '../../storage/options.ts'
import { parseHostKeyPin } from '../../storage/sftp/hostKey.ts'
import { everyDestination, secretReference, text } from '../fields.ts'
import type { Resolved } from '../secret.ts'

const hostKey = z.string().refine((value) => parseHostKeyPin(value) !== undefined, {
  error: 'is neither a fingerprint (SHA256:...) nor a public host key (ssh-ed25519 AAAA...)',
})

export const sftpDestination = z
  .strictObject({
    ...everyDestination,
    type: z.literal('sftp'),
    host: text,
    port: z.int().min(1, 'is a port, 1 to 65535').max(65_535, 'is a port, 1 to 65535').default(22),
    user: text,
    path: text,
    hostKey: z.preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z.array(hostKey).optional(),
    ),
    key: secretReference.optional(),
    passphrase: secretReference.optional(),
    agent: secretReference.optional(),
    password: secretReference.optional(),
    connections: z.int().min(1, 'is 1 to 16').max(16, 'is 1 to 16').default(2),
  })
  .refine(({ key, agent, password }) => key ?? agent ?? password, {
    error: 'has no way to log in: it needs a key, an agent or a password',
  })
  .refine(({ key, passphrase }) => key !== undefined || passphrase === undefined, {
    error: 'is that of a key, and there is no key',
    path: ['passphrase'],
  })

export type SftpDestination = Resolved<z.infer<typeof sftpDestination>>

export function sftpOptions(destination: SftpDestination): SftpOptions {
  const { host, port, user, path, hostKey = [], connections } = destination
  const { key, passphrase, agent, password } = destination
  return {
    type: 'sftp',
    host,
    port,
    user,
    path,
    hostKeys: hostKey,
    privateKey: key?.reveal(),
    passphrase: passphrase?.reveal(),
    agent: agent?.reveal(),
    password: password?.reveal(),
    connections,
  }
}
