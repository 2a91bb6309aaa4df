import { chmod, readFile, writeFile } from 'node:fs/promises'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OpItem, OpStore } from '../servers/op/op.ts'
import { temporaryFolder } from './temporaryFolder.ts'

const program = fileURLToPath(new URL('../servers/op/op.ts', import.meta.url))

/** A 1Password account of its own, as `op` shows it. */
export interface OnePasswordAccount extends AsyncDisposable {
  /** What a program needs to find `op`. */
  env: { PATH: string }
  /** The items that are not archived. */
  items(): OpItem[]
  /** Changes what is in the account, as a person does in the app. */
  change(how: (store: OpStore) => void): void
  /** The arguments of every call. */
  calls(): Promise<string>
}

/** @param items by title: their fields. All are in the vault Backup. */
export async function onePasswordAccount(
  items: Readonly<Record<string, Record<string, string>>> = {},
  vaults = ['Backup'],
): Promise<OnePasswordAccount> {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'store.json')
  const listed = vaults.map((name, i) => ({ id: `vault${i}`, name }))
  const vault = listed[0] ?? { id: '', name: '' }
  const store: OpStore = {
    signedIn: true,
    vaults: listed,
    items: Object.entries(items).map(([title, fields], i) => ({
      id: `item${i}`,
      title,
      category: 'API_CREDENTIAL',
      vault,
      fields: Object.entries(fields).map(([label, value]) => ({
        id: label,
        label,
        type: 'CONCEALED',
        value,
        reference: `op://${vault.name}/${title}/${label}`,
      })),
    })),
  }
  await writeFile(file, JSON.stringify(store))
  await writeFile(`${file}.calls`, '')
  const op = join(folder.path, 'op')
  await writeFile(op, `#!/bin/sh\nexec '${process.execPath}' '${program}' '${file}' "$@"\n`)
  await chmod(op, 0o755)
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as OpStore
  return {
    env: { PATH: `${folder.path}:${process.env['PATH']}` },
    items: () => read().items.filter((item) => !item.archived),
    change(how) {
      const now = read()
      how(now)
      writeFileSync(file, JSON.stringify(now))
    },
    calls: async () => await readFile(`${file}.calls`, 'utf8'),
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
  }
}
