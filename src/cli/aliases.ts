/** Commands that are also options of `backup`. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['--check', 'check'],
  ['--setup', 'setup'],
  ['--status', 'status'],
  ['--reset', 'reset'],
])

/** Puts a command in the place of its alias: `backup --status --json` is `status --json`, `backup --setup=s3` is `setup s3`. */
export function withoutAliases(args: readonly string[]): string[] {
  const place = args.indexOf('backup')
  const alias = args.findIndex((arg, i) => i > place && aliases.has(split(arg).name))
  const { name, value } = split(args[alias] ?? '')
  const command = aliases.get(name)
  if (place < 0 || command === undefined) return [...args]
  return args.flatMap((arg, i) => (i === place ? command : i === alias ? value : arg))
}

/** An option, and what it was given after a `=`. */
function split(arg: string): { name: string; value: string[] } {
  const [name = '', ...value] = arg.split('=')
  return { name, value: value.length > 0 ? [value.join('=')] : [] }
}
