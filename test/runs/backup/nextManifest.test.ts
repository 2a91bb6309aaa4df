import { copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assembleManifest } from '../../../src/manifest/chain.ts'
import { Manifest } from '../../../src/manifest/manifest.ts'
import { writeNextManifest } from '../../../src/runs/backup/nextManifest.ts'
import type { StoredManifest } from '../../../src/vault/record.ts'
import { after, apply, modelOf, rowsOf, type Model, type Step } from '../../manifest/model.ts'
import { fillWithUploads } from '../../manifest/uploads.ts'
import { Random } from '../../support/random.ts'
import { temporaryFolder } from '../../support/temporaryFolder.ts'

/** A working copy whose manifests are written into files, run by run, and never uploaded. */
class Chain {
  readonly manifest: Manifest
  readonly #folder: string
  current: StoredManifest[] = []
  sequence = 1

  constructor(folder: string) {
    this.#folder = folder
    this.manifest = new Manifest(join(folder, 'working.sqlite'))
  }

  /** Ends a run. @returns what its record would name. */
  write(): StoredManifest[] {
    const { sequence } = this
    const key = join(this.#folder, `${sequence}.sqlite`)
    const runId = String(sequence).padStart(16, '0')
    this.manifest.addSnapshot({ sequence, runId, created: new Date(sequence), complete: true })
    const { kind, after: kept } = writeNextManifest(this.manifest, this.current, key)
    const { size } = statSync(key)
    this.current = [...kept, { key, kind, sequence, size, sha256: '', plaintextSize: size }]
    this.sequence += 1
    return this.current
  }

  /** Reads a chain back. */
  assemble(chain: readonly StoredManifest[]): Manifest {
    const [base = '', ...deltas] = chain.map(({ key }, i) => {
      const copy = join(this.#folder, `copy-${i}.sqlite`)
      copyFileSync(key, copy)
      return copy
    })
    return assembleManifest(base, deltas, join(this.#folder, 'assembled.sqlite'))
  }
}

test('a large manifest gets thirty deltas, then one that stands for them, and every snapshot stays readable', async () => {
  await using folder = await temporaryFolder()
  const chain = new Chain(folder.path)
  const random = new Random(8)
  fillWithUploads(chain.manifest, 20_000, 1, random)
  const written = [chain.write()]
  const models: Model[] = [new Map()]
  for (let run = 0; run < 70; run++) {
    const file: Step = { kind: 'file', folder: 'library', name: `${run % 9}.jpg`, content: run, mode: 0o644 }
    const steps: Step[] =
      run % 5 === 4 ? [{ kind: 'archive', folder: 'library', name: `${run % 3}.jpg` }] : [file]
    apply(chain.manifest, steps, chain.sequence)
    models.push(after(models.at(-1) ?? new Map(), steps))
    written.push(chain.write())
  }
  const lengths = written.map(({ length }) => length)
  // Every thirty runs, a single delta takes the place of thirty.
  expect(lengths).toEqual([1, ...Array.from({ length: 70 }, (_, i) => 2 + (i % 30))])
  expect(written.every(([base]) => base?.sequence === 1)).toBe(true)
  for (const i of [1, 29, 30, 31, 59, 60, 61, 70]) {
    const assembled = chain.assemble(written[i] ?? [])
    const inLibrary = new Map([...modelOf(assembled, i + 1)].filter(([path]) => path.startsWith('library/')))
    expect(inLibrary).toEqual(models[i])
    assembled.close()
  }
  const newest = chain.assemble(chain.current)
  expect(rowsOf(newest)).toEqual(rowsOf(chain.manifest))
  newest.close()
})

test('deltas that grow beyond half of their base are followed by a new base', async () => {
  await using folder = await temporaryFolder()
  const chain = new Chain(folder.path)
  const random = new Random(9)
  fillWithUploads(chain.manifest, 10_000, 1, random)
  chain.write()
  const kinds: string[] = []
  for (let run = 0; run < 8; run++) {
    fillWithUploads(chain.manifest, 1_500, chain.sequence, random)
    kinds.push(chain.write().at(-1)?.kind ?? '')
    const [base, ...deltas] = chain.current.map(({ plaintextSize }) => plaintextSize)
    expect(deltas.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual((base ?? 0) / 2)
  }
  expect(kinds).toEqual(['delta', 'delta', 'delta', 'full', 'delta', 'delta', 'delta', 'delta'])
  const assembled = chain.assemble(chain.current)
  expect(rowsOf(assembled)).toEqual(rowsOf(chain.manifest))
  assembled.close()
})
