/** What a backup is doing, for whoever watches. Bytes are of plaintext. */
export interface BackupProgress {
  phase: 'opening' | 'database' | 'scanning' | 'storing' | 'checking' | 'committing'
  filesDone: number
  filesTotal: number
  bytesDone: number
  bytesTotal: number
  /** The file that was begun last, as a path in the vault's tree. */
  current: string | undefined
}

/** Counts progress and passes it on. */
export class ProgressMeter {
  readonly #state: BackupProgress = {
    phase: 'opening',
    filesDone: 0,
    filesTotal: 0,
    bytesDone: 0,
    bytesTotal: 0,
    current: undefined,
  }
  readonly #report: (progress: BackupProgress) => void

  constructor(report: (progress: BackupProgress) => void) {
    this.#report = report
  }

  begin(
    phase: BackupProgress['phase'],
    totals: { files: number; bytes: number } = { files: 0, bytes: 0 },
  ): void {
    Object.assign(this.#state, { phase, filesDone: 0, bytesDone: 0, current: undefined })
    Object.assign(this.#state, { filesTotal: totals.files, bytesTotal: totals.bytes })
    this.#report({ ...this.#state })
  }

  /** @param bytes may be negative: a file that changed is counted anew. */
  advance(files: number, bytes: number, current?: string): void {
    this.#state.filesDone += files
    this.#state.bytesDone += bytes
    if (current !== undefined) this.#state.current = current
    this.#report({ ...this.#state })
  }
}
