import {
  filledField,
  type ListedItem,
  type NewField,
  type OnePassword,
  type OnePasswordItem,
  referenceTo,
} from '../../../config/onePasswordItems.ts'
import { UserError } from '../../../shared/errors.ts'
import type { Asker } from '../asker.ts'
import type { Plan } from '../plan.ts'
import type { Question } from '../question.ts'
import type { Keeper } from './keeper.ts'

/** The title that an earlier program of this kind gave its item. */
const olderTitle = 'Immich Backup B2'

const titleQuestion: Question = {
  field: 'opItem',
  flag: 'op-item',
  ask: 'What is the item in 1Password called?',
  help: 'One that is there already, or a new one.',
  kind: 'text',
  byFlagOnly: true,
}

interface Choices {
  plan: Plan
  asker: Asker
  op: OnePassword
  /** The destination's name. */
  name: string
  /** Takes back what was made, when the person gives up. */
  undo: AsyncDisposableStack
}

/** In an item of 1Password: one that is there already, or a new one. */
export async function onePasswordKeeper(choices: Choices): Promise<Keeper> {
  const { plan, asker, op, name, undo } = choices
  const wanted = await asker.answer(titleQuestion)
  const titles = wanted === '' ? [`Safelight ${name}`, olderTitle] : [wanted]
  const vault = await vaultId(asker, op)
  const found = await findItem(op, titles, vault)
  let item = found && (await op.get(found))
  const fresh = new Map<string, NewField>()
  const title = found?.title ?? titles[0] ?? ''
  if (found) asker.tell(`Found ${title} in the vault ${found.vault.name} of 1Password.`)

  const make = async (fields: readonly NewField[]): Promise<OnePasswordItem> => {
    const created = await op.create(vault ?? (await newVault(asker, op)), title, fields)
    undo.defer(async () => await op.archive(created))
    asker.tell(`Made ${title} in 1Password.`)
    return created
  }
  plan.deliveries.push(async () => {
    if (item && fresh.size > 0) item = await op.complete(item, [...fresh.values()])
  })

  return {
    where: `in 1Password, item ${title}`,
    elsewhere: true,
    keepsIdentity: true,
    needsPerson: false,
    async keep(_owner, label, value) {
      const field = { label, concealed: true, value }
      // References name the item, so it has to be there.
      if (item) fresh.set(label, field)
      else item = await make([field])
      const reference = referenceTo(item, label)
      plan.secrets.set(reference, value)
      return reference
    },
    find: (_owner, labels) => item && filledField(item, labels),
    async prepare(fields) {
      const empty = () => fields.filter(({ label }) => !item || filledField(item, [label]) === undefined)
      if (!asker.attended || empty().length === 0) return
      const toFill = empty().map((field) => ({ ...field, value: '' }))
      item = item ? await op.complete(item, toFill) : await make(toFill)
      while (empty().length > 0) {
        const labels = empty().map(({ label }) => label)
        asker.tell(`Fill in ${labels.join(', ')}, and save it.`, `In 1Password, item ${title}`)
        if (await asker.goesOn('Is it filled in?')) item = await op.get(item)
      }
    },
  }
}

async function vaultId(asker: Asker, op: OnePassword): Promise<string | undefined> {
  const wanted = asker.flag('op-vault')
  if (wanted === undefined) return undefined
  const vaults = await op.vaults()
  const found = vaults.find(({ id, name }) => id === wanted || name === wanted)
  if (found) return found.id
  throw new UserError(`--op-vault: 1Password shows no vault ${wanted}`, {
    hint: `It shows ${vaults.map(({ name }) => name).join(', ') || 'none'}.`,
  })
}

async function findItem(
  op: OnePassword,
  titles: readonly string[],
  vault: string | undefined,
): Promise<ListedItem | undefined> {
  const items = await op.items(vault)
  for (const title of titles) {
    const [found, other] = items.filter((each) => each.title === title)
    if (other) {
      throw new UserError(`1Password has several items called ${title}`, {
        hint: 'Name the vault of the right one with --op-vault, or another title with --op-item.',
      })
    }
    if (found) return found
  }
  return undefined
}

async function newVault(asker: Asker, op: OnePassword): Promise<string> {
  const vaults = await op.vaults()
  const [only, other] = vaults
  if (only === undefined) throw new UserError('1Password shows no vault that an item could be made in')
  if (other === undefined) return only.id
  return await asker.answer({
    field: 'opVault',
    flag: 'op-vault',
    ask: 'In which vault of 1Password shall the item be made?',
    help: 'Whoever can read that vault can read the backups.',
    kind: 'choice',
    choices: vaults.map(({ id, name }) => ({ value: id, label: name })),
  })
}
