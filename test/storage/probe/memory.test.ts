import { describe, expect, test } from 'vitest'
import { AccessDeniedError, StorageError } from '../../../src/storage/errors.ts'
import type { Leftover } from '../../../src/storage/leftovers.ts'
import { MemoryStorage } from '../../../src/storage/memory.ts'
import { probe } from '../../../src/storage/probe/probe.ts'
import type { ListedObject, ListOptions, PutOptions, ReadOptions } from '../../../src/storage/storage.ts'
import type { Trial } from '../../../src/storage/trial.ts'
import { FaultyStorage } from '../../support/faultyStorage.ts'
import { keysOf } from '../streams.ts'
import { findingsOf, resultsOf } from './probing.ts'

const strictTrial: Trial = {
  remove: async () => 'refused',
  overwrite: async () => 'refused',
  clock: async () => new Date(),
  keepsVersions: async () => true,
}

/** As it should be: nothing may be deleted or replaced. */
class StrictStorage extends MemoryStorage {
  override readonly trial: Trial = strictTrial
  readonly left: Leftover[] = []
  readonly leftovers = {
    rule: 'A rule removes them.',
    list: async function* (this: { left: Leftover[] }): AsyncGenerator<Leftover> {
      yield* this.left
    }.bind(this),
    remove: async (): Promise<void> => {},
  }
}

describe('a good destination', () => {
  test('is good in everything', async () => {
    const results = await resultsOf(new StrictStorage())
    expect(Object.keys(results)).toEqual([
      'credentials',
      'create-only',
      'large objects',
      'create-only, large',
      'ranges',
      'listing',
      'clock',
      'deleting',
      'replacing',
      'old versions',
      'speed',
      'leftovers',
      'own objects',
    ])
    expect(new Set(Object.values(results))).toEqual(new Set(['good']))
  })

  test('keeps what was stored there, told with its place', async () => {
    const storage = new StrictStorage()
    const { 'own objects': own } = await findingsOf(storage)
    expect(own?.detail).toContain('stays below uploads/')
    const keys = await keysOf(storage.list(''))
    expect(keys.length).toBeGreaterThan(5)
    expect(keys.filter((key) => !/^uploads\/trial-\d{8}T\d{6}Z-[0-9a-f]{8}-/.test(key))).toEqual([])
  })
})

describe('a destination where everything is allowed', () => {
  test('is told as weak, with what to do', async () => {
    const findings = await findingsOf(new MemoryStorage())
    for (const what of ['deleting', 'replacing', 'old versions'])
      expect(findings[what]).toMatchObject({ result: 'weak', remedy: expect.stringMatching(/\.$/) })
    expect(findings['leftovers']?.result).toBe('unknown')
  })

  test('is left as it was found', async () => {
    const storage = new MemoryStorage()
    await storage.put('vault.json', Buffer.from('{}'), { kind: 'index' })
    await findingsOf(storage)
    expect(await keysOf(storage.list(''))).toEqual(['vault.json'])
  })
})

describe('create-only', () => {
  test('a storage that replaces is bad', async () => {
    class ReplacingStorage extends MemoryStorage {
      override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
        await this.trial.remove(key, {})
        await super.put(key, bytes, options)
      }
    }
    const findings = await findingsOf(new ReplacingStorage())
    expect(findings['create-only']).toMatchObject({
      result: 'bad',
      detail: 'an object that existed was replaced',
    })
    expect(findings['create-only, large']).toMatchObject({ result: 'bad' })
  })

  test('a storage that replaces only by parts is bad', async () => {
    class ReplacingByParts extends MemoryStorage {
      override async upload(...[key, source, options]: Parameters<MemoryStorage['upload']>): Promise<void> {
        const large = options.size !== undefined && options.size > this.capabilities.partSize
        if (large) await this.trial.remove(key, {})
        await super.upload(key, source, options)
      }
    }
    const findings = await findingsOf(new ReplacingByParts())
    expect(findings['create-only']?.result).toBe('good')
    expect(findings['create-only, large']).toMatchObject({ result: 'bad', remedy: expect.any(String) })
  })

  test('a storage that lets the last of several win is bad', async () => {
    class Racing extends MemoryStorage {
      override async put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
        const there = (await keysOf(this.list(key))).length > 0
        await new Promise((resolve) => setImmediate(resolve))
        if (!there) await this.trial.remove(key, {})
        await super.put(key, bytes, options)
      }
    }
    expect((await findingsOf(new Racing()))['create-only']).toMatchObject({
      result: 'bad',
      detail: 'of 4 that created one object at once, 4 succeeded',
    })
  })

  test('a storage that only looks first is weak', async () => {
    class Looking extends MemoryStorage {
      override readonly capabilities = { ...new MemoryStorage().capabilities, atomicCreate: false }
    }
    expect((await findingsOf(new Looking()))['create-only']?.result).toBe('weak')
  })
})

describe('reading', () => {
  test('an altered byte is bad, and ends the probe', async () => {
    const faulty = new FaultyStorage(new MemoryStorage())
    faulty.breakNext('read', { flipAt: 50 })
    expect(await resultsOf(faulty)).toEqual({ credentials: 'bad' })
  })

  test('a range that is answered with something else is bad', async () => {
    class NoRanges extends MemoryStorage {
      override async *read(key: string, { signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
        yield* super.read(key, { signal })
      }
    }
    expect((await findingsOf(new NoRanges()))['ranges']).toMatchObject({ result: 'bad' })
  })

  test('credentials that may not read are weak, and what can not be seen is unknown', async () => {
    class WriteOnly extends MemoryStorage {
      // oxlint-disable-next-line require-yield -- it never comes to that
      override async *read(): AsyncGenerator<Uint8Array> {
        throw new AccessDeniedError('403')
      }
    }
    expect(await resultsOf(new WriteOnly())).toMatchObject({
      credentials: 'weak',
      'create-only': 'good',
      'large objects': 'unknown',
      ranges: 'unknown',
      listing: 'good',
    })
  })
})

describe('listing', () => {
  test('an object that is not listed at once is bad', async () => {
    class Lagging extends MemoryStorage {
      override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListedObject> {
        const all = await Array.fromAsync(super.list(prefix, options))
        yield* all.slice(0, -1)
      }
    }
    expect((await findingsOf(new Lagging()))['listing']?.result).toBe('bad')
  })

  test('a listing that begins elsewhere is bad', async () => {
    class FromTheStart extends MemoryStorage {
      override async *list(prefix: string): AsyncGenerator<ListedObject> {
        yield* super.list(prefix)
      }
    }
    expect((await findingsOf(new FromTheStart()))['listing']).toMatchObject({
      result: 'bad',
      detail: 'a listing that should begin after a key began elsewhere',
    })
  })
})

function minutes(count: number): () => Date {
  return () => new Date(Date.now() + count * 60_000)
}

describe('the clock', () => {
  test.each([
    [0, 'good', 'agree'],
    [3, 'weak', 'is 3 min fast'],
    [-3, 'weak', 'is 3 min slow'],
    [30, 'bad', 'is 30 min fast'],
  ])('%d minutes off is %s', async (off, result, detail) => {
    const { clock } = await findingsOf(new MemoryStorage(), minutes(off))
    expect(clock).toMatchObject({ result, detail: expect.stringContaining(detail) })
  })
})

function daysAgo(days: number): Leftover {
  const time = new Date(Date.now() - days * 86_400_000)
  return { id: String(days), key: 'objects/a', time, size: 5_000_000 }
}

describe('leftovers', () => {
  test('young ones are good: an upload may go on', async () => {
    const storage = new StrictStorage()
    storage.left.push(daysAgo(1), daysAgo(2))
    expect((await findingsOf(storage))['leftovers']).toMatchObject({
      result: 'good',
      detail: expect.stringContaining('2, 10.0 MB, the oldest from 2 days ago'),
    })
  })

  test('old ones are weak, with the rule that would remove them', async () => {
    const storage = new StrictStorage()
    storage.left.push(daysAgo(1), daysAgo(30))
    expect((await findingsOf(storage))['leftovers']).toMatchObject({
      result: 'weak',
      remedy: expect.stringContaining('A rule removes them. Or: Run `safelight check --sweep`'),
    })
  })
})

describe('what fails', () => {
  test('wrong credentials are bad, and nothing else is tried', async () => {
    const faulty = new FaultyStorage(new MemoryStorage())
    faulty.breakNext('put', { error: new AccessDeniedError('403', { hint: 'Check the key.' }) })
    expect(Object.values(await findingsOf(faulty))).toEqual([
      { what: 'credentials', result: 'bad', detail: '403', remedy: 'Check the key.' },
    ])
  })

  test('a step that could not be tried is unknown, and the others are tried all the same', async () => {
    const faulty = new FaultyStorage(new MemoryStorage())
    faulty.breakNext('list', { error: new StorageError('503 SlowDown', { transient: true }) })
    const findings = await findingsOf(faulty)
    expect(findings['listing']).toMatchObject({ result: 'unknown', detail: '503 SlowDown' })
    expect(findings['speed']?.result).toBe('good')
  })

  test('a lasting failure is bad', async () => {
    const faulty = new FaultyStorage(new MemoryStorage())
    faulty.breakNext('upload', {}, { error: new StorageError('411 Length Required', { transient: false }) })
    const results = await resultsOf(faulty)
    expect(results).toMatchObject({
      'large objects': 'bad',
      'create-only, large': 'unknown',
      ranges: 'unknown',
    })
  })

  test('a bug is no finding', async () => {
    const faulty = new FaultyStorage(new MemoryStorage())
    faulty.breakNext('list', { error: new TypeError('x is not a function') })
    await expect(findingsOf(faulty)).rejects.toThrow(TypeError)
  })

  test('an interruption ends it', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const options = { now: () => new Date(), clock: () => 0, signal: controller.signal }
    const probing = async () => {
      for await (const { what } of probe(new MemoryStorage(), options))
        if (what === 'ranges') controller.abort(reason)
    }
    await expect(probing()).rejects.toBe(reason)
  })
})
