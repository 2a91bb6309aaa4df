import { join } from 'node:path'
import { objectPrefix, packPrefix } from '../../vault/layout.ts'
import { isUntold, type ObjectOutcome } from '../read/outcome.ts'
import type { ReadObject } from '../read/object.ts'
import { ContentReader } from '../read/reader.ts'
import type { LostContents } from './affected.ts'
import { IdList, type Level } from './document.ts'
import { Findings } from './finding.ts'
import { placesOf, readsOf, type ChainContent, type OpenChain } from './objects.ts'
import { SortedPlaces } from './places.ts'
import { idSize, type Choice, type Population } from './population.ts'
import { checkSizesByListing, checkSizesOneByOne } from './sizes.ts'
import type { VerifyOptions } from './verification.ts'

/** More objects than these are compared with a listing, which has a thousand of them in one answer. */
const fewObjects = 500

type Advance = (objects: number, bytes: number) => void

/** Checks the objects that a population has chosen, and keeps what came out of it. */
export class ObjectCheck {
  choice: Choice = { objects: 0, bytes: 0, endedByBytes: false, tooLarge: 0, drawn: { objects: 0, from: 0 } }
  /** Those that were good, at the levels that read them. */
  readonly good = new IdList()
  /** Those that are gone or altered. */
  readonly bad = new IdList()
  /** All that were not good, also those that storage did not give. */
  failed = 0
  readonly lost: LostContents[] = []
  readonly #options: VerifyOptions
  readonly #population: Population
  readonly #chains: readonly OpenChain[]
  readonly #findings: Findings

  constructor(
    options: VerifyOptions,
    population: Population,
    chains: readonly OpenChain[],
    findings: Findings,
  ) {
    this.#options = options
    this.#population = population
    this.#chains = chains
    this.#findings = findings
  }

  async run(choice: Choice, level: Level, advance: Advance): Promise<void> {
    this.choice = choice
    if (level === 'list') await this.#list(choice, advance)
    else if (choice.objects > 0) await this.#read(level, advance)
  }

  async #list(choice: Choice, advance: Advance): Promise<void> {
    const { vault, folder, signal } = this.#options
    const before = this.#findings.total
    const places = placesOf(vault, this.#chains, this.#population.chosen())
    if (choice.objects <= fewObjects) {
      await checkSizesOneByOne(vault.storage, [...places], this.#findings, { signal })
    } else {
      using sorted = new SortedPlaces(join(folder, 'places.sqlite'), places)
      for (const prefix of [objectPrefix, packPrefix]) {
        await checkSizesByListing(vault.storage, prefix, sorted.below(prefix), this.#findings, { signal })
      }
    }
    this.failed = this.#findings.total - before
    if (this.failed > 0) this.#noteLost()
    advance(choice.objects, 0)
  }

  /** A listing tells places; which contents lie there is looked up again. */
  #noteLost(): void {
    const { vault } = this.#options
    const wrong = new Set(this.#findings.list.map(({ key }) => key))
    for (const { key, contents } of readsOf(vault, this.#chains, this.#population.chosen())) {
      if (wrong.has(key)) this.#lose(key, contents)
    }
  }

  async #read(level: 'checksum' | 'read', advance: Advance): Promise<void> {
    const { vault, storage, keys, signal } = this.#options
    await using reader = new ContentReader({ vault, storage, keys, signal })
    await reader.read(readsOf(vault, this.#chains, this.#population.chosen()), {
      level: level === 'read' ? 'whole' : 'stored',
      onOutcome: (outcome, object) => {
        this.#take(outcome, object)
        advance(1, 0)
      },
      onBytes: (bytes) => advance(0, bytes),
    })
  }

  #take(outcome: ObjectOutcome, object: ReadObject<ChainContent>): void {
    const [firstLost] = outcome.failed.values()
    const failure = outcome.failure ?? firstLost
    const id = Buffer.from(object.ciphertextSha256, 'hex').subarray(0, idSize)
    if (!failure) {
      this.good.add(id)
      return
    }
    this.failed += 1
    this.#findings.add(object.key, failure)
    if (isUntold(failure)) return
    this.bad.add(id)
    const lost = object.contents.filter(({ id }) => outcome.failed.has(id))
    if (lost.length > 0) this.#lose(object.key, lost)
  }

  #lose(key: string, contents: readonly ChainContent[]): void {
    const [first] = contents
    if (first && this.lost.length < lostKept) {
      this.lost.push({ key, chain: first.chain, contents: contents.map(({ id }) => id) })
    }
  }
}

/** Of so many objects the paths are looked up. */
const lostKept = 1000
