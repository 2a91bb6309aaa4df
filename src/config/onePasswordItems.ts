/*
 * Items of 1Password, by its command-line tool: found, made and completed. Secrets go to it by its standard input and
 * come by its output; in the process list stand only names.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import * as z from 'zod'
import { UserError } from '../shared/errors.ts'
import type { Variables } from './environment.ts'
import { whyNotRun, whyRefused, type Refusal } from './onePassword.ts'
import { isReference } from './secret.ts'

/** A person may have to unlock the app. */
const patienceMs = 60_000

const vault = z.looseObject({ id: z.string(), name: z.string().default('') })
const listedItem = z.looseObject({ id: z.string(), title: z.string(), vault })
const field = z.looseObject({
  id: z.string().optional(),
  label: z.string().default(''),
  value: z.string().optional(),
  reference: z.string().optional(),
})
/** What is not understood here is kept, so that an edited item loses nothing. */
const item = z.looseObject({ ...listedItem.shape, fields: z.array(field).default([]) })

export type OnePasswordVault = z.infer<typeof vault>
export type ListedItem = z.infer<typeof listedItem>
export type OnePasswordItem = z.infer<typeof item>

/** A field to be made, or to be given a value. */
export interface NewField {
  label: string
  /** Shown only on demand. */
  concealed: boolean
  /** Empty: the person fills it in. */
  value: string
}

/** @see https://developer.1password.com/docs/cli/reference/management-commands/item */
export class OnePassword {
  readonly #variables: Variables
  readonly #signal: AbortSignal

  /** @param variables the tool's environment, with what it signs in by. */
  constructor(variables: Variables, signal: AbortSignal) {
    this.#variables = variables
    this.#signal = signal
  }

  /** Those that this account may see. @throws UserError when op is not there, or nobody is signed in. */
  async vaults(): Promise<OnePasswordVault[]> {
    return z.array(vault).parse(await this.#call(['vault', 'list'], 'lists no vaults'))
  }

  /** All items of a vault, or of all. They hold no values. */
  async items(vaultId: string | undefined): Promise<ListedItem[]> {
    const within = vaultId === undefined ? [] : ['--vault', vaultId]
    return z.array(listedItem).parse(await this.#call(['item', 'list', ...within], 'lists no items'))
  }

  async get({ id, title, vault }: ListedItem): Promise<OnePasswordItem> {
    const answer = await this.#call(['item', 'get', id, '--vault', vault.id], `does not give ${title}`)
    return item.parse(answer)
  }

  async create(vaultId: string, title: string, fields: readonly NewField[]): Promise<OnePasswordItem> {
    const template = { title, category: 'API_CREDENTIAL', fields: fields.map(templateOf) }
    const args = ['item', 'create', '--vault', vaultId, '-']
    return item.parse(await this.#call(args, `does not make ${title}`, template))
  }

  /** Gives fields their values, and makes those that are missing. All others stay. */
  async complete(into: OnePasswordItem, fields: readonly NewField[]): Promise<OnePasswordItem> {
    const values = new Map(fields.map(({ label, value }) => [label, value]))
    const known = into.fields.map((each) => {
      const value = values.get(each.label)
      return value === undefined ? each : { ...each, value }
    })
    const missing = fields.filter(({ label }) => into.fields.every((each) => each.label !== label))
    const edited = { ...into, fields: [...known, ...missing.map(templateOf)] }
    const args = ['item', 'edit', into.id, '--vault', into.vault.id, '-']
    return item.parse(await this.#call(args, `does not change ${into.title}`, edited))
  }

  /** Takes an item out of sight; 1Password keeps it in its archive. */
  async archive({ id, title, vault }: ListedItem): Promise<void> {
    const args = ['item', 'delete', id, '--vault', vault.id, '--archive']
    await this.#run(args, `does not archive ${title}`, undefined, undefined)
  }

  async #call(args: readonly string[], refused: string, input?: unknown): Promise<unknown> {
    const answer = await this.#run([...args, '--format', 'json'], refused, input, this.#signal)
    try {
      return JSON.parse(answer)
    } catch {
      // The parser's own error is left out: it quotes what it could not read.
      throw new UserError(`1Password ${refused}: its answer is no JSON`)
    }
  }

  async #run(
    args: readonly string[],
    refused: string,
    input: unknown,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    signal?.throwIfAborted()
    const child = spawn('op', args, {
      env: { ...this.#variables },
      timeout: patienceMs,
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    })
    // That the pipe broke says only that op has ended.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input === undefined ? '' : JSON.stringify(input))
    try {
      const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
      const [stdout, stderr] = await ended
      if (child.exitCode === 0) return stdout
      if (child.exitCode === null) throw failed(whyNotRun(timedOut(), patienceMs))
      throw failed(whyRefused(refused, stderr, this.#variables))
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof UserError || !(error instanceof Error)) throw error
      throw failed(whyNotRun(error, patienceMs))
    }
  }
}

/** The field of an item that has a label, and a value. */
export function filledField(
  item: OnePasswordItem,
  labels: readonly string[],
): { reference: string; value: string } | undefined {
  for (const label of labels) {
    const value = item.fields.find((each) => each.label === label)?.value
    if (value) return { value, reference: referenceTo(item, label) }
  }
  return undefined
}

/** The reference to a field: 1Password's own where it has one, else by names; by ids where names have odd letters. */
export function referenceTo({ id, title, vault, fields }: OnePasswordItem, label: string): string {
  const own = fields.find((each) => each.label === label)?.reference ?? ''
  if (isReference(own)) return own
  const plain = [vault.name, title].every((name) => /^[A-Za-z0-9_. -]+$/.test(name))
  return plain ? `op://${vault.name}/${title}/${label}` : `op://${vault.id}/${id}/${label}`
}

function templateOf({ label, concealed, value }: NewField) {
  return { label, type: concealed ? 'CONCEALED' : 'STRING', value }
}

function failed({ problem, hint }: Refusal): UserError {
  return new UserError(problem, hint === undefined ? {} : { hint })
}

function timedOut(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
}
