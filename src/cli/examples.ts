/** Examples for the end of a command's help: what is typed, and what it does. */
export function examples(list: readonly (readonly [command: string, effect: string])[]): string {
  const lines = list.map(([command, effect]) => `  $ ${command}\n      ${effect}`)
  return `\nExamples:\n${lines.join('\n')}\n`
}
