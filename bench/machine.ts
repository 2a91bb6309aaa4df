import { cpus, release, totalmem } from 'node:os'
import { run } from './command.ts'
import { programOf, type ProgramName } from './programs.ts'

/** What the figures were measured on, one line each. */
export async function describeMachine(folder: string, names: readonly ProgramName[]): Promise<string[]> {
  const [processor] = cpus()
  const fileSystem = (
    await run({
      program: 'findmnt',
      args: ['--first-only', '--noheadings', '--output', 'FSTYPE', '--target', folder],
    })
  ).trim()
  return [
    `Processor: ${processor?.model.trim() ?? 'unknown'}, ${cpus().length} cores`,
    `Memory: ${Math.round(totalmem() / 2 ** 30)} GiB; Linux ${release()}; file system of library, repositories and restored files: ${fileSystem}`,
    ...(await Promise.all(
      names.map(async (name) => {
        const { version, setup } = programOf(name)
        return `${name}: ${await version()}; ${setup}`
      }),
    )),
  ]
}
