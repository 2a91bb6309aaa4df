/*
 * What a person is told who makes a mistake, with its exit code. test/messages/quoted.test.ts sees to it that every such
 * message is expected somewhere.
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { armor, Encrypter } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openIdentity } from '../../src/cli/openIdentity.ts'
import type { Context } from '../../src/cli/context.ts'
import type { Config } from '../../src/config/config.ts'
import { generateIdentity, identityFile } from '../../src/crypto/identity.ts'
import { exitCodes } from '../../src/shared/errors.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { runInProcess } from './inProcess.ts'

const { failed, noVault, wrongKey } = exitCodes
const disk = '{ name: disk, type: local, path: vault }'
const base = 'library: data\ndatabase: false\nstate: state\nidentity: file:identity.txt\n'

let made: Awaited<ReturnType<typeof temporaryFolder>>
/** The lines that `init` added. */
let pin: string

/** A library, a vault, and one snapshot in it. */
beforeAll(async () => {
  made = await temporaryFolder()
  for (const folder of ['library', 'upload', 'profile', 'backups'])
    await mkdir(join(made.path, 'data', folder), { recursive: true })
  await mkdir(join(made.path, 'vault'))
  await writeFile(join(made.path, 'data/upload/photo.jpg'), 'photo')
  await writeFile(join(made.path, 'safelight.yaml'), `${base}destinations: [${disk}]\n`)
  for (const args of ['keys generate --out identity.txt', 'init --yes', 'backup'])
    await runInProcess(args.split(' '), { cwd: made.path })
  const yaml = await readFile(join(made.path, 'safelight.yaml'), 'utf8')
  pin = /^vault: .*$/m.exec(yaml)?.[0] ?? ''
})
afterAll(async () => await made[Symbol.asyncDispose]())

/** A copy of all that, with another configuration and other files. */
async function copy(yaml: string, files: Record<string, string> = {}) {
  const folder = await temporaryFolder()
  await cp(made.path, folder.path, { recursive: true })
  await writeFile(join(folder.path, 'safelight.yaml'), yaml)
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content)
  return folder
}

interface Mistake {
  /** The configuration; without it, the one with which everything works. */
  yaml?: string
  files?: Record<string, string>
  /** Done to the folder. */
  before?: (folder: string) => Promise<unknown>
  stdin?: string
  /** Answers a question at a terminal. */
  terminal?: boolean
  env?: Record<string, string>
}

const usual = () => `${base}destinations: [${disk}]\n${pin}\n`
const twoDestinations = `${base}destinations: [${disk}, { name: other, type: local, path: other }]\n`
const anotherIdentity = identityFile(await generateIdentity({ postQuantum: false }), new Date())
const protectedIdentity = await protectedLightly(anotherIdentity, 'correct horse')
const strongRecipient = (await generateIdentity({ postQuantum: true })).recipient
const otherRecipient = (await generateIdentity({ postQuantum: false })).recipient
const otherPin = `vault: { id: ${'a'.repeat(32)}, fingerprint: ${'b'.repeat(32)} }`

async function mistake(args: string, { yaml, files, before, stdin, terminal, env }: Mistake) {
  await using folder = await copy(yaml ?? usual(), files)
  await before?.(folder.path)
  const around = { cwd: folder.path, stdin: stdin ?? '', terminal: terminal ?? false, env: env ?? {} }
  const { exitCode, stderr } = await runInProcess(args.split(' '), around)
  return { exitCode, said: stderr.replaceAll(folder.path, '.').replaceAll(/\s+/g, ' ') }
}

/** As `age -p -a` has it, but for the seconds that it makes a guess cost. */
async function protectedLightly(text: string, passphrase: string): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.setScryptWorkFactor(10)
  encrypter.setPassphrase(passphrase)
  return armor.encode(await encrypter.encrypt(text))
}

async function recordsOf(folder: string): Promise<string> {
  const [name = ''] = await readdir(join(folder, 'vault/hosts/main/snapshots'))
  return join(folder, 'vault/hosts/main/snapshots', name)
}

async function overwrite(path: string, content: string): Promise<void> {
  await chmod(path, 0o600)
  await writeFile(path, content)
}

/** Arguments, what is wrong around them, the exit code, and words of the message. */
type Told = readonly [args: string, how: Mistake | (() => Mistake), exitCode: number, words: string]

function theseAreTold(mistakes: readonly Told[]): void {
  const named = mistakes.map(([args, how, exitCode, words]) => ({ args, how, exitCode, words }))
  test.each(named)('$args: $words', async ({ args, how, exitCode, words }) => {
    const made = typeof how === 'function' ? how() : how
    expect(await mistake(args, made)).toEqual({ exitCode, said: expect.stringContaining(words) })
  })
}

/** Puts a folder in a file's place. */
function folderAs(name: string): (folder: string) => Promise<void> {
  return async (folder) => {
    await rm(join(folder, name), { force: true })
    await mkdir(join(folder, name))
  }
}

describe('the configuration', () => {
  theseAreTold([
    ['snapshots --config nope.yaml', {}, failed, 'error: there is no configuration file nope.yaml'],
    [
      'snapshots',
      { before: async (folder) => await rm(join(folder, 'safelight.yaml')) },
      failed,
      "There is no configuration file ./safelight.yaml. Make one by questions with 'safelight setup', or by hand",
    ],
    [
      'snapshots',
      { yaml: `#${'x'.repeat(2 ** 20)}` },
      failed,
      'safelight.yaml is too large for a configuration file',
    ],
    [
      'snapshots',
      { before: folderAs('safelight.yaml') },
      failed,
      "the configuration file safelight.yaml can't be read (EISDIR)",
    ],
    ['snapshots', { before: folderAs('.env') }, failed, "./.env can't be read: EISDIR"],
    [
      'snapshots',
      { yaml: 'hots: main' },
      failed,
      'safelight.yaml:1:1: hots: there is no such field; did you mean host?',
    ],
    [
      'init',
      { yaml: twoDestinations },
      failed,
      'there are several destinations, and the command takes one Name one of: disk, other',
    ],
    [
      'init --to dsik',
      { yaml: twoDestinations },
      failed,
      'there is no destination dsik There is: disk, other',
    ],
    ['config init', {}, failed, 'safelight.yaml exists already, and is never overwritten'],
    ['config init --out no/such/file', {}, failed, 'error: there is no folder ./no/such'],
    ['config init --out data/upload/photo.jpg/x', {}, failed, "photo.jpg/x can't be written (ENOTDIR)"],
  ])
})

describe('the identity', () => {
  const recipient = 'age1pq1'
  theseAreTold([
    [
      'snapshots',
      { files: { 'identity.txt': '# nothing\n' } },
      failed,
      'file:identity.txt holds no age identity',
    ],
    [
      'snapshots',
      { files: { 'identity.txt': 'ssh-ed25519 AAAA' } },
      failed,
      'holds an SSH key, not an age identity',
    ],
    [
      'snapshots',
      { files: { 'identity.txt': `${recipient}xyz` } },
      failed,
      'holds a recipient (a public key)',
    ],
    [
      'snapshots',
      { files: { 'identity.txt': 'AGE-PLUGIN-X-1' } },
      failed,
      'holds the identity of an age plugin',
    ],
    ['snapshots', { files: { 'identity.txt': 'AGE-SECRET-KEY-1X' } }, failed, 'holds no valid age identity'],
    ['snapshots', { files: { 'identity.txt': 'a\nb\n' } }, failed, 'holds 2 lines that are no comments'],
    [
      'snapshots',
      { files: { 'identity.txt': protectedIdentity } },
      failed,
      'file:identity.txt is protected with a passphrase, and nobody is here to be asked Set `passphrase: file:FILE`',
    ],
    [
      'snapshots',
      {
        files: { 'identity.txt': protectedIdentity, wrong: 'x' },
        yaml: `${base}passphrase: file:wrong\ndestinations: [${disk}]`,
      },
      wrongKey,
      'wrong passphrase for file:identity.txt',
    ],
    [
      'snapshots',
      {
        files: { 'identity.txt': protectedIdentity.replace(/^(.*\n.*\n).*\n/, '$1!\n') },
        terminal: true,
        stdin: 'x\n',
      },
      failed,
      "file:identity.txt is damaged: its armor can't be read",
    ],
    [
      'snapshots',
      { files: { 'identity.txt': anotherIdentity } },
      wrongKey,
      'this identity does not open the vault at',
    ],
    ['keys generate --passphrase', { stdin: '\n' }, failed, 'the answer to "'],
    ['keys generate --passphrase', { stdin: '' }, failed, 'no answer was given to'],
  ])

  test('is asked for where none is configured', async () => {
    const opening = openIdentity({ identity: undefined } as Config, {} as Context)
    await expect(opening).rejects.toMatchObject({
      message: 'no identity is configured',
      exitCode: failed,
      hint: expect.stringContaining('safelight keys generate'),
    })
  })
})

describe('the vault', () => {
  const mixed = `${base}recovery: [RECIPIENT]\ndestinations: [${disk}]`
  theseAreTold([
    ['init', {}, failed, 'the configuration pins a vault for destination disk already'],
    [
      'init',
      { yaml: `${base}destinations: [${disk}]` },
      failed,
      'nobody is here to say that the identity is saved',
    ],
    [
      'init',
      { yaml: `${base}destinations: [${disk}]`, terminal: true, stdin: 'no\n' },
      failed,
      'nothing was created Save the identity first.',
    ],
    [
      'init --yes',
      { yaml: `${base}destinations: [${disk}]` },
      failed,
      'is not empty: vault.json is there already',
    ],
    [
      'init --yes',
      { yaml: mixed.replace('RECIPIENT', strongRecipient) },
      failed,
      'only some of the identity and the recovery recipients are post-quantum',
    ],
    [
      'snapshots',
      { before: async (folder) => await rm(join(folder, 'vault'), { recursive: true }) },
      failed,
      'there is no folder ./vault',
    ],
    [
      'snapshots',
      { before: async (folder) => await rm(join(folder, 'vault/vault.json')) },
      noVault,
      'there is no vault at ./vault: it has no vault.json',
    ],
    [
      'snapshots',
      { before: async (folder) => await overwrite(join(folder, 'vault/vault.json'), '{}') },
      noVault,
      'vault.json is damaged: it is not what Safelight writes',
    ],
    [
      'snapshots',
      {
        before: async (folder) => {
          const path = join(folder, 'vault/vault.json')
          await overwrite(path, (await readFile(path, 'utf8')).replace('"version": 1', '"version": 9'))
        },
      },
      noVault,
      'this vault has format version 9; this program knows version 1 Use a newer Safelight.',
    ],
    [
      'snapshots',
      { yaml: `${base}destinations: [${disk}]\n${otherPin}` },
      noVault,
      'another vault lies at ./vault',
    ],
    [
      'backup',
      { yaml: `${base}writeOnly: true\nrecovery: [${otherRecipient}]\ndestinations: [${disk}]` },
      failed,
      'the configuration asks for write-only mode, and this vault was created without it',
    ],
  ])
})

describe('what is remembered of runs', () => {
  theseAreTold([
    ['reset', {}, failed, 'nobody is here to say that this may go Run the command with --yes.'],
    ['reset', { terminal: true, stdin: 'no\n' }, failed, 'nothing was forgotten'],
  ])
})

describe('snapshots', () => {
  const otherHost = () => `host: other\n${usual()}`
  const damaged = async (folder: string) => await overwrite(await recordsOf(folder), 'damaged')
  theseAreTold([
    [
      'restore --to new --snapshot 99',
      {},
      failed,
      "there is no snapshot 99 'safelight snapshots' lists them.",
    ],
    ['restore --to new --at 1999-01-01', {}, failed, 'has no complete snapshot of 1999-01-01'],
    ['restore --to new', () => ({ yaml: otherHost() }), failed, 'host other has no complete snapshot yet'],
    ['verify-restore', () => ({ yaml: otherHost() }), failed, 'host other has no snapshot in the vault'],
    ['restore --to new', { before: damaged }, failed, "can't be read: "],
    ['restore --to new --wait', {}, failed, '--wait needs --thaw: it waits for what that thaws'],
    ['restore --to new --path /', {}, failed, 'the pattern of paths is empty'],
    [
      'restore --to new --path nowhere/**',
      {},
      failed,
      'nothing in the snapshot fits the pattern "nowhere/**"',
    ],
    ['restore --to data', {}, failed, 'would write into the library, ./data'],
    ['restore --to safelight.yaml', {}, failed, "safelight.yaml can't be used to restore to: "],
    [
      'restore --to new --expect-head 9-0123456789abcdef',
      {},
      noVault,
      'does not show snapshot record 9-0123456789abcdef, which --expect-head remembers',
    ],
    ['ls nowhere', {}, failed, 'has no path nowhere'],
    [
      'restore-database --into env:URL',
      { env: { URL: 'postgres://u:p@127.0.0.1:1/x' } },
      failed,
      'has no database dump',
    ],
    ['restore-database --into postgres://u:p@h/x', {}, failed, 'and never the secret itself'],
    ['restore-database --into env:NO_SUCH', {}, failed, 'NO_SUCH is not set'],
  ])

  test('no secret on the command line is repeated', async () => {
    const { said } = await mistake('restore-database --into postgres://u:hunter2@h/x', {})
    expect(said).not.toContain('hunter2')
  })
})
