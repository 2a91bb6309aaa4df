import type { Usage } from '../../bench/command.ts'
import { markdownTable } from '../../bench/table.ts'

/** Collects what was measured, and what is not as it should be. */
export class Report {
  readonly #rows: string[][] = []
  readonly #failures: string[] = []

  /**
   * Adds a measured run of the program.
   * @param memoryLimit that its resident memory must stay under, in bytes.
   */
  add(part: string, step: string, { wall, user, system, memory }: Usage, memoryLimit: number): void {
    const row = [
      part,
      step,
      wall.toFixed(1),
      user.toFixed(1),
      system.toFixed(1),
      `${(memory / 1e6).toFixed(0)} MB`,
    ]
    this.#rows.push(row)
    console.error(`  ${row.join('  ')}`)
    this.require(
      memory < memoryLimit,
      `${part}, ${step}: ${(memory / 1e6).toFixed(0)} MB of memory, over ${memoryLimit / 1e6} MB`,
    )
  }

  /** Notes a failure unless it holds; the others are still looked at. */
  require(holds: boolean, otherwise: string): void {
    if (holds) return
    this.#failures.push(otherwise)
    console.error(`  FAILED: ${otherwise}`)
  }

  /** Notes something that was counted or compared. */
  note(part: string, step: string, figure: string): void {
    this.#rows.push([part, step, figure])
    console.error(`  ${part}  ${step}: ${figure}`)
  }

  get failures(): readonly string[] {
    return this.#failures
  }

  /** The figures as a Markdown table. */
  table(): string {
    return markdownTable(
      ['library and destination', 'step', 'wall s', 'user s', 'system s', 'peak memory'],
      this.#rows,
    )
  }
}
