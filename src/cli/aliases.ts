/** Commands that are also options of `backup`. */
const aliases: Readonly<Record<string, string>> = {
  '--check': 'check',
  '--setup': 'setup',
  '--status': 'status',
  '--reset': 'reset',
}

/** Puts a command in the place of its alias: `backup --status --json` is `status --json`. */
export function withoutAliases(args: readonly string[]): string[] {
  const place = args.indexOf('backup')
  const alias = args.findIndex((arg, i) => i > place && arg in aliases)
  const command = aliases[args[alias] ?? '']
  if (place < 0 || command === undefined) return [...args]
  return args.flatMap((arg, i) => (i === place ? command : i === alias ? [] : arg))
}
