import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { defaultFile } from '../config/load.ts'
import { configTemplate } from '../config/template.ts'
import { createFile } from '../shared/files.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { fileError } from './fileError.ts'

export function configure(command: Command): void {
  command.option('--out <file>', 'where to write it; never over an existing file', defaultFile).addHelpText(
    'after',
    examples([
      ['safelight config init', 'Writes ./safelight.yaml with every field explained.'],
      ['safelight config init --out /etc/safelight.yaml', 'Writes it elsewhere.'],
    ]),
  )
}

export async function run({ cwd, output }: Context, command: Command): Promise<void> {
  const { out } = command.opts<{ out: string }>()
  const file = resolve(cwd, out)
  try {
    await createFile(file, configTemplate, 0o644)
  } catch (error) {
    throw fileError(file, error)
  }
  const option = relative(cwd, file) === defaultFile ? '' : ` --config ${out}`
  output.result({ file }, (style) =>
    [
      `Wrote ${file}.`,
      '',
      'Next:',
      `  edit it, then check it:    ${style('bold', `safelight config list${option}`)}`,
      `  make the vault's identity: ${style('bold', 'safelight keys generate --out FILE')}`,
    ].join('\n'),
  )
}
