import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { bech32 } from '@scure/base'
import { armor, Encrypter } from 'age-encryption'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  generateIdentity,
  Identity,
  identityFile,
  isPassphraseProtected,
  openProtectedIdentity,
  parseIdentity,
  protectWithPassphrase,
} from '../../src/crypto/identity.ts'
import { unwrapWithIdentity, wrapForRecipients } from '../../src/crypto/age.ts'
import { exec } from '../support/exec.ts'

const created = new Date('2026-07-20T02:00:00.123Z')

test.each([
  [false, 'age-secret-key-', /^AGE-SECRET-KEY-1[0-9A-Z]+$/, /^age1(?!pq)/],
  [true, 'age-secret-key-pq-', /^AGE-SECRET-KEY-PQ-1[0-9A-Z]+$/, /^age1pq1/],
])(
  'an identity written to a file is read back (post-quantum: %s)',
  async (postQuantum, prefix, own, public_) => {
    const identity = await generateIdentity({ postQuantum })
    const read = await parseIdentity(identityFile(identity, created), 'the file')
    expect(read.identity).toMatch(own)
    expect(read.recipient).toMatch(public_)
    expect(read).toEqual(identity)
    expect(read.prefix).toBe(prefix)
    expect(bech32.encodeFromBytes(prefix, read.seed).toUpperCase()).toBe(read.identity)
    const wrapped = await wrapForRecipients(Buffer.from('secret'), [read.recipient])
    expect(Buffer.from(await unwrapWithIdentity(wrapped, read.identity)).toString()).toBe('secret')
  },
)

test('the file is as age-keygen writes it, and age-keygen derives the same public key from it', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'safelight-identity-'))
  const [ours, theirs] = [join(folder.path, 'ours'), join(folder.path, 'theirs')]
  const identity = await generateIdentity({ postQuantum: false })
  await writeFile(ours, identityFile(identity, created))
  expect((await exec('age-keygen', ['-y', ours])).trim()).toBe(identity.recipient)
  await exec('age-keygen', ['-o', theirs])
  const written = await readFile(theirs, 'utf8')
  const parsed = await parseIdentity(written, theirs)
  expect(written.split('\n').slice(1)).toEqual(identityFile(parsed, created).split('\n').slice(1))
})

test('comments, blank lines, spaces and Windows line ends around the identity do not matter', async () => {
  const { identity } = await generateIdentity({ postQuantum: false })
  const text = `# mine\r\n\r\n   # indented\r\n  ${identity}  \r\n\r\n`
  expect((await parseIdentity(text, 'the file')).identity).toBe(identity)
})

test('what is no single native identity is refused, and never repeated', async () => {
  const { identity, recipient } = await generateIdentity({ postQuantum: false })
  const refused: [string, string][] = [
    ['', 'holds no age identity'],
    ['# only a comment\n', 'holds no age identity'],
    [`${identity}\n${identity}\n`, 'holds 2 lines'],
    ['AGE-PLUGIN-YUBIKEY-1QQQQQQQQQQQQQQQQ', 'holds the identity of an age plugin'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----\n', 'holds an SSH key'],
    ['ssh-ed25519 AAAAC3Nza me@here', 'holds an SSH key'],
    [recipient, 'holds a recipient'],
    ['-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n', 'is encrypted'],
    [identity.slice(0, -1), 'holds no valid age identity'],
    [identity.toLowerCase(), 'holds no valid age identity'],
    [
      bech32.encodeFromBytes('age-secret-key-', new Uint8Array(31)).toUpperCase(),
      'holds no valid age identity',
    ],
  ]
  for (const [text, message] of refused) {
    const error: unknown = await parseIdentity(text, 'file:/key').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(`file:/key ${message}`),
    })
    expect(inspect(error)).not.toContain(identity.slice(0, -1))
  }
})

test('one mistyped character is noticed', async () => {
  const { identity } = await generateIdentity({ postQuantum: false })
  const start = 'AGE-SECRET-KEY-1'.length
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: start, max: identity.length - 1 }),
      fc.constantFrom(...Array.from('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')),
      async (at, letter) => {
        fc.pre(identity[at] !== letter)
        const mistyped = identity.slice(0, at) + letter + identity.slice(at + 1)
        await expect(parseIdentity(mistyped, 'it')).rejects.toThrow('holds no valid age identity')
      },
    ),
  )
})

test('an identity that is logged or made into JSON keeps its secret', async () => {
  const identity = await generateIdentity({ postQuantum: false })
  const shown = [
    inspect(identity, { depth: null, showHidden: true }),
    JSON.stringify(identity),
    inspect(identity),
  ]
  expect(shown.join()).not.toContain(identity.identity)
  expect(shown.join()).not.toContain(identity.seed.toString('hex'))
})

test('a passphrase opens the file it protects, and a wrong one ends with exit code 12', async () => {
  const identity = await generateIdentity({ postQuantum: true })
  const file = Buffer.from(await protectWithPassphrase(identityFile(identity, created), 'correct horse'))
  expect(isPassphraseProtected(file)).toBe(true)
  expect(file.toString('latin1')).not.toContain(identity.identity)
  expect(await openProtectedIdentity(file, 'correct horse', 'it')).toEqual(identity)
  await expect(openProtectedIdentity(file, 'battery staple', 'it')).rejects.toMatchObject({
    message: 'wrong passphrase for it',
    exitCode: 12,
  })
})

test('binary, damaged and otherwise encrypted files are told apart', async () => {
  const identity = await generateIdentity({ postQuantum: false })
  const encrypter = new Encrypter()
  encrypter.setPassphrase('p')
  encrypter.setScryptWorkFactor(4)
  const binary = await encrypter.encrypt(identityFile(identity, created))
  expect(isPassphraseProtected(binary)).toBe(true)
  expect(await openProtectedIdentity(binary, 'p', 'it')).toBeInstanceOf(Identity)

  const damaged = Buffer.from(binary)
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
  await expect(openProtectedIdentity(damaged, 'p', 'it')).rejects.toThrow(
    'it is damaged: it does not decrypt',
  )
  const torn = Buffer.from(armor.encode(binary).slice(0, -40))
  await expect(openProtectedIdentity(torn, 'p', 'it')).rejects.toThrow('it is damaged: its armor')
  const toRecipient = await wrapForRecipients(Buffer.from('x'), [identity.recipient])
  await expect(openProtectedIdentity(toRecipient, 'p', 'it')).rejects.toThrow('not with a passphrase')
  expect(isPassphraseProtected(Buffer.from(identityFile(identity, created)))).toBe(false)
})
