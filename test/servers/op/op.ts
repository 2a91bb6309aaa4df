/*
 * A stand-in for 1Password's `op`: items in a JSON file, by `vault list`, `item list|get|create|edit|delete` and `read`, with
 * the answers and the errors of version 2.
 * @see https://developer.1password.com/docs/cli/reference/management-commands/item
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'

export interface OpStore {
  signedIn: boolean
  vaults: { id: string; name: string }[]
  items: OpItem[]
}

export interface OpItem {
  id: string
  title: string
  category: string
  vault: { id: string; name: string }
  fields: { id: string; label: string; type: string; value?: string; reference?: string }[]
  archived?: boolean
}

function main([file = '', ...args]: string[]): void {
  appendFileSync(`${file}.calls`, `${args.join(' ')}\n`)
  const store = JSON.parse(readFileSync(file, 'utf8')) as OpStore
  if (!store.signedIn) fail('You are not currently signed in. Please run `op signin --help` for instructions')
  const answer = run(store, args)
  writeFileSync(file, JSON.stringify(store))
  if (typeof answer === 'string') process.stdout.write(answer)
  else if (answer !== undefined) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
}

function run(store: OpStore, args: string[]): unknown {
  const [noun, verb = '', name = ''] = args
  const vault = valueOf(args, '--vault')
  if (noun === 'read') return read(store, args.at(-1) ?? '')
  if (noun === 'vault' && verb === 'list') return store.vaults
  const within = vault === undefined ? undefined : findVault(store, vault)
  const visible = store.items.filter((item) => !item.archived && (!within || item.vault.id === within.id))
  switch (verb) {
    case 'list':
      return visible.map(({ fields: _fields, ...listed }) => listed)
    case 'get':
      return shown(findItem(visible, name, within))
    case 'create': {
      const item = { ...template(), id: newId(), vault: within ?? { id: '', name: '' } }
      store.items.push(completed(item))
      return shown(item)
    }
    case 'edit': {
      const item = findItem(visible, name, within)
      Object.assign(item, { title: template().title, fields: template().fields })
      return shown(completed(item))
    }
    case 'delete':
      findItem(visible, name, within).archived = true
      if (!args.includes('--archive')) fail('this stand-in only archives')
      return undefined
    default:
      return fail(`unknown command "${args.join(' ')}" for "op"`)
  }
}

let piped: OpItem | undefined

/** What came by standard input, as the `-` at the end asks for. */
function template(): OpItem {
  if (!process.argv.includes('-')) fail('expected a template on standard input')
  piped ??= JSON.parse(readFileSync(0, 'utf8')) as OpItem
  return piped
}

/** Fields get ids, and references by names. */
function completed(item: OpItem): OpItem {
  for (const field of item.fields) {
    field.id ??= newId()
    field.reference = `op://${item.vault.name}/${item.title}/${field.label}`
  }
  return item
}

/** Empty fields have no value. */
function shown(item: OpItem): OpItem {
  const fields = item.fields.map(({ value, ...field }) => (value ? { ...field, value } : field))
  return { ...item, fields }
}

function read(store: OpStore, reference: string): string {
  const [vaultName = '', itemName = '', label = ''] = reference.replace('op://', '').split('/')
  const vault = findVault(store, vaultName)
  const item = findItem(
    store.items.filter((each) => !each.archived && each.vault.id === vault.id),
    itemName,
    vault,
  )
  const field = item.fields.find((each) => each.label === label || each.id === label)
  return field?.value ?? fail(`could not read secret '${reference}': item does not have a field '${label}'`)
}

function findVault({ vaults }: OpStore, name: string): { id: string; name: string } {
  const found = vaults.find((each) => each.id === name || each.name === name)
  return found ?? fail(`"${name}" isn't a vault in this account. Specify the vault with its ID or name.`)
}

function findItem(items: OpItem[], name: string, vault: { name: string } | undefined): OpItem {
  const found = items.filter((each) => each.id === name || each.title === name)
  if (found.length > 1)
    fail(`More than one item matches "${name}". Try again and specify the item by its ID:`)
  const place = vault ? ` in the "${vault.name}" vault` : ''
  return found[0] ?? fail(`"${name}" isn't an item${place}. Specify the item with its UUID, name, or domain.`)
}

function valueOf(args: string[], flag: string): string | undefined {
  const at = args.indexOf(flag)
  return at < 0 ? undefined : args[at + 1]
}

function newId(): string {
  return randomBytes(13).toString('hex')
}

function fail(message: string): never {
  process.stderr.write(`[ERROR] 2026/11/21 09:05:22 ${message}\n`)
  process.exit(1)
}

if (process.argv[1] === import.meta.filename) main(process.argv.slice(2))
