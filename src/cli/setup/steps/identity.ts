/* The one secret of a vault: an identity that is there, or a new one. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isReference } from '../../../config/secret.ts'
import { generateIdentity, identityFile, protectWithPassphrase } from '../../../crypto/identity.ts'
import { UserError } from '../../../shared/errors.ts'
import type { Keeper } from '../keepers/keeper.ts'
import type { Question } from '../question.ts'
import { reference, type Session } from '../session.ts'

/** 24 random bytes are 32 characters. */
const passphraseBytes = 24
const identityLabel = 'identity'
const passphraseLabels = ['encryption_password']

const passphraseQuestion: Question = {
  field: 'passphrase',
  flag: 'passphrase',
  ask: 'Shall a passphrase protect the identity?',
  help: 'Then whoever finds its file can not use it. It has to be kept apart from that file.',
  kind: 'choice',
  choices: [
    { value: 'none', label: 'no' },
    { value: 'generate', label: 'yes, a generated one of 32 characters' },
  ],
}

/** A new identity, and what has to be known of it. */
export interface NewIdentity {
  /** Where it will be, for people. */
  where: string
  keeper: Keeper
  /** What the person has to take down now, because it is written nowhere. */
  toTakeDown: string | undefined
}

/**
 * Settles which identity opens the vault: the configuration's, the one that `--identity` refers to, or a new one.
 * @returns the new one, where one is made.
 */
export async function askIdentity(
  session: Session,
  keeper: () => Promise<Keeper>,
): Promise<NewIdentity | undefined> {
  const { asker, before, plan, folder } = session
  const given = asker.flag('identity')
  if (given === undefined && before.identity) return undefined
  if (given !== undefined) {
    plan.edits.push({ path: ['identity'], value: reference(session, 'identity', given) })
    const passphrase = asker.flag('passphrase')
    if (passphrase !== undefined) {
      plan.edits.push({ path: ['passphrase'], value: reference(session, 'passphrase', passphrase) })
    }
    return undefined
  }
  const name = ['identity.txt', 'identity.age'].find((each) => existsSync(join(folder, each)))
  if (name !== undefined) {
    if (!asker.attended) {
      throw new UserError(`--identity is needed: ${join(folder, name)} is there already`, {
        hint: `Take it with --identity file:${name}, or move it away.`,
      })
    }
    if (
      !(await asker.goesOn(
        `There is an identity in ${join(folder, name)}. Shall it open the new vault, too?`,
      ))
    ) {
      throw new UserError('nothing was set up', {
        hint: `Move ${join(folder, name)} away for a new identity.`,
      })
    }
    plan.edits.push({ path: ['identity'], value: `file:${name}` })
    return undefined
  }
  return await newIdentity(session, await keeper())
}

async function newIdentity(session: Session, keeper: Keeper): Promise<NewIdentity> {
  const { plan, folder, asker } = session
  if (keeper.needsPerson && !asker.attended) {
    throw new UserError('--identity is needed: a new one in a variable would be shown to nobody', {
      hint: 'Make one with: safelight keys generate. Then say --identity env:NAME, or choose other --secrets.',
    })
  }
  const passphrase = await askPassphrase(session, keeper)
  const identity = await generateIdentity({ postQuantum: false })
  const content = identityFile(identity, new Date())
  const set = (field: string, value: string) => plan.edits.push({ path: [field], value })
  const inFile = (name: string, written: string): string => {
    plan.files.set(join(folder, name), written)
    plan.secrets.set(`file:${name}`, written)
    set('identity', `file:${name}`)
    return join(folder, name)
  }
  if (passphrase !== undefined) {
    set('passphrase', passphrase.reference)
    // The copy that outlives this machine.
    if (keeper.elsewhere) await keeper.keep(undefined, identityLabel, identity.identity)
    const where = inFile('identity.age', await protectWithPassphrase(content, passphrase.value))
    return { where, keeper, toTakeDown: variable(passphrase) }
  }
  if (!keeper.keepsIdentity) return { where: inFile('identity.txt', content), keeper, toTakeDown: undefined }
  const reference = await keeper.keep(undefined, identityLabel, identity.identity)
  set('identity', reference)
  return { where: keeper.where, keeper, toTakeDown: variable({ reference, value: identity.identity }) }
}

/** A variable and its value, which is written nowhere. */
function variable({ reference, value }: { reference: string; value: string }): string | undefined {
  return reference.startsWith('env:') ? `${reference.slice('env:'.length)}=${value}` : undefined
}

/** Undefined: none is wanted. */
async function askPassphrase(
  session: Session,
  keeper: Keeper,
): Promise<{ reference: string; value: string } | undefined> {
  const { asker, context } = session
  const given = asker.flag('passphrase')
  if (given !== undefined && isReference(given)) {
    const written = reference(session, 'passphrase', given)
    return { reference: written, value: context.resolveSecret(written, '--passphrase').reveal() }
  }
  const kept = keeper.find(undefined, passphraseLabels)
  if (kept) return kept
  if ((await asker.answer(passphraseQuestion, { current: 'none' })) === 'none') return undefined
  const value = randomBytes(passphraseBytes).toString('base64url')
  const label = passphraseLabels[0] ?? ''
  return { reference: await keeper.keep(undefined, label, value), value }
}

/**
 * Sees to it that the new identity is kept where this machine's end does not reach.
 * @throws UserError when it is not.
 */
export async function requireSaved({ asker }: Session, made: NewIdentity): Promise<void> {
  if (made.keeper.elsewhere) return
  const lines = [
    `It is the one secret of your backups: ${made.where}`,
    'Without it nobody can read them, you included. Copy it into a password',
    'manager or onto paper now, from another terminal if need be.',
  ]
  asker.tell(lines.join('\n'), 'Save the identity')
  if (made.toTakeDown !== undefined) {
    asker.tell('This is shown once, and written nowhere. Set it wherever Safelight runs:')
    asker.show(made.toTakeDown)
  }
  const ask = 'Is a copy of the identity kept away from this machine?'
  if (await asker.agrees('identity-saved', ask, 'Say --identity-saved when you see to that.')) return
  throw new UserError('nothing was set up', { hint: 'Save the identity first: run the command again.' })
}
