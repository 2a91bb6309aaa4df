import type { Command } from 'commander'
import { describeConfig, type Setting } from '../config/describe.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { renderTable } from './output/table.ts'

export function configure(command: Command): void {
  command.addHelpText(
    'after',
    examples([
      ['safelight config list', 'Shows every value, and the file and line or the variable it came from.'],
      [
        'safelight config list --config /etc/safelight.yaml --json',
        'The same of another file, for a program.',
      ],
    ]),
  )
}

export async function run({ output, loadConfig }: Context): Promise<void> {
  const config = loadConfig([])
  const settings = describeConfig(config)
  output.result({ file: config.file ?? null, settings }, (style) =>
    renderTable(
      [{ title: 'Field' }, { title: 'Value', shrinks: true }, { title: 'From' }],
      settings.map((setting) => [setting.field, shown(setting), setting.from]),
      output.columns,
      (heading) => style('bold', heading),
    ),
  )
}

function shown({ value }: Setting): string {
  if (value === null) return 'not set'
  if (typeof value !== 'object') return String(value)
  return value.length === 0 ? 'none' : value.join(', ')
}
