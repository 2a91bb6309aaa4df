import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  assembleManifest,
  importContents,
  writeDeltaManifest,
  writeFullManifest,
} from '../../src/manifest/chain.ts'
import { brokenReference } from '../../src/manifest/contents.ts'
import { Manifest } from '../../src/manifest/manifest.ts'
import { allContents, packLocation } from '../../src/manifest/view.ts'
import { temporaryFolder } from '../support/temporaryFolder.ts'
import { after, apply, modelOf, rowsOf, step, type Model, type Step } from './model.ts'

/** The steps of one run, and how its manifest is written: `keep` says how much of the chain before it stays. */
interface Run {
  steps: Step[]
  written: 'full' | 'delta' | 'not at all'
  keep: number
}

const run: fc.Arbitrary<Run> = fc.record({
  steps: fc.array(step, { maxLength: 12 }),
  written: fc.constantFrom('full', 'delta', 'delta', 'delta', 'not at all'),
  keep: fc.double({ min: 0, max: 1, noNaN: true }),
})

interface Written {
  file: string
  sequence: number
}

function assemble(folder: string, chain: readonly Written[], name: string): Manifest {
  const [base, ...deltas] = chain.map(({ file }, i) => {
    const copy = join(folder, `${name}-${i}.sqlite`)
    copyFileSync(file, copy)
    return copy
  })
  if (base === undefined) throw new Error('an empty chain')
  return assembleManifest(base, deltas, join(folder, `${name}.sqlite`))
}

test('a chain of full and delta manifests is the working copy, and shows every snapshot as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 7 }), async (runs) => {
      await using folder = await temporaryFolder()
      const working = new Manifest(join(folder.path, 'working.sqlite'))
      const models: Model[] = [new Map()]
      let chain: Written[] = []
      for (const [i, { steps, written, keep }] of runs.entries()) {
        const sequence = i + 1
        apply(working, steps, sequence)
        working.addSnapshot({
          sequence,
          runId: `${i}`.padStart(16, '0'),
          created: new Date(i),
          complete: true,
        })
        models.push(after(models.at(-1) ?? new Map(), steps))
        if (written === 'not at all' && i < runs.length - 1) continue
        const file = join(folder.path, `written-${sequence}.sqlite`)
        const kept = chain.slice(0, Math.ceil(keep * chain.length))
        const last = kept.at(-1)
        if (written === 'full' || !last) {
          writeFullManifest(working, file)
          chain = [{ file, sequence }]
        } else {
          writeDeltaManifest(working, file, last.sequence)
          chain = [...kept, { file, sequence }]
        }
      }
      const assembled = assemble(folder.path, chain, 'assembled')
      expect(rowsOf(assembled)).toEqual(rowsOf(working))
      for (const [sequence, model] of models.entries()) expect(modelOf(assembled, sequence)).toEqual(model)
      expect(brokenReference(assembled.db)).toBeUndefined()
      working.close()
      assembled.close()
    }),
    { numRuns: 40 },
  )
}, 120_000)

test('what a run left uncommitted is adopted as if it were the next one’s, or dropped as if it had never been', async () => {
  const steps = fc.array(step, { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      steps,
      steps,
      steps,
      fc.integer({ min: 2, max: 9 }),
      async (first, second, third, next) => {
        await using folder = await temporaryFolder()
        const file = join(folder.path, 'working.sqlite')
        const working = new Manifest(file)
        apply(working, first, 1)
        working.addSnapshot({ sequence: 1, runId: '1'.repeat(16), created: new Date(1), complete: true })
        const base = join(folder.path, 'base.sqlite')
        writeFullManifest(working, base)
        const committed = rowsOf(working)
        // A run whose commit of sequence 2 failed, and that went on.
        apply(working, second, 2)
        working.addSnapshot({ sequence: 2, runId: '2'.repeat(16), created: new Date(2), complete: false })
        apply(working, third, 3)
        working.close()
        const dropping = join(folder.path, 'dropping.sqlite')
        copyFileSync(file, dropping)

        const dropped = new Manifest(dropping)
        dropped.dropUncommitted(1)
        expect(rowsOf(dropped)).toEqual(committed)
        dropped.close()

        const adopted = new Manifest(file)
        adopted.adoptUncommitted(1, next)
        const before = after(new Map(), first)
        const now = after(after(before, second), third)
        expect(modelOf(adopted, 1)).toEqual(before)
        for (let sequence = 2; sequence < next; sequence++) expect(modelOf(adopted, sequence)).toEqual(before)
        expect(modelOf(adopted, next)).toEqual(now)
        const delta = join(folder.path, 'delta.sqlite')
        writeDeltaManifest(adopted, delta, 1)
        const assembled = assembleManifest(base, [delta], join(folder.path, 'assembled.sqlite'))
        expect(rowsOf(assembled)).toEqual(rowsOf(adopted))
        adopted.close()
        assembled.close()
      },
    ),
    { numRuns: 30 },
  )
}, 120_000)

test('after a fork, every content of either branch is found, where it lies', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(steps, steps, steps, async (common, ours, theirs) => {
      await using folder = await temporaryFolder()
      const [own, other] = ['own.sqlite', 'other.sqlite'].map((name) => join(folder.path, name))
      if (own === undefined || other === undefined) throw new Error('no names')
      const begun = new Manifest(own)
      apply(begun, common, 1)
      begun.close()
      copyFileSync(own, other)
      const branch = new Manifest(other)
      apply(branch, theirs, 12)
      const expected = placesIn(branch)
      branch.close()

      const manifest = new Manifest(own)
      apply(manifest, ours, 11)
      const mine = placesIn(manifest)
      importContents(manifest, other, 13)
      const places = placesIn(manifest)
      expect(places).toEqual(new Map([...expected, ...mine]))
      expect(brokenReference(manifest.db)).toBeUndefined()
      expect(importContents(manifest, other, 14)).toBe(0)
      manifest.close()
    }),
    { numRuns: 30 },
  )
}, 120_000)

/** Where each content lies, in words that do not depend on row ids. */
function placesIn(manifest: Manifest): Map<string, string> {
  const places = new Map<string, string>()
  // The list is read whole, because a connection does one thing at a time.
  for (const { sha256, keyId, ciphertextSha256, pack, packOffset } of Array.from(allContents(manifest.db))) {
    const inPack = pack === null ? undefined : packLocation(manifest.db, pack)
    places.set(
      sha256.toString('hex'),
      inPack
        ? `${inPack.name} ${inPack.keyId.toString('hex')} ${packOffset}`
        : `${keyId?.toString('hex')} ${ciphertextSha256?.toString('hex')}`,
    )
  }
  return places
}

test('only a manifest that has rows no vault has yet is news', async () => {
  await using folder = await temporaryFolder()
  const manifest = new Manifest(join(folder.path, 'working.sqlite'))
  expect(manifest.hasNews).toBe(false)
  apply(manifest, [{ kind: 'file', folder: 'library', name: 'a', content: 1, mode: 0o644 }], 1)
  expect(manifest.hasNews).toBe(true)
  manifest.markUploaded()
  expect(manifest.hasNews).toBe(false)
  apply(manifest, [{ kind: 'archive', folder: 'library', name: 'nothing there' }], 2)
  expect(manifest.hasNews).toBe(false)
  apply(manifest, [{ kind: 'archive', folder: 'library', name: 'a' }], 2)
  expect(manifest.hasNews).toBe(true)
  manifest.close()
})
