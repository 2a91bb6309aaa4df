import { describe, expect } from 'vitest'
import { ObjectMissingError } from '../../../src/storage/errors.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { trialPrefix, type Trial } from '../../../src/storage/trial.ts'
import { collect } from '../streams.ts'
import { type Check, content } from './check.ts'

const ours = `${trialPrefix}suite`
const before = Buffer.from('before')
const after = Buffer.from('after')

/** What a probe may try: only on its own objects, and its word has to be true. */
export function trying(check: Check): void {
  describe('trial', () => {
    check('objects that are no probe’s are neither removed nor replaced', async (storage) => {
      const trial = trialOf(storage)
      for (const key of ['objects/ab/cd', 'vault.json', 'uploads/note']) {
        await storage.put(key, before, content)
        await expect(trial.remove(key, {})).rejects.toThrow('not a key of a trial')
        await expect(trial.overwrite(key, after, {})).rejects.toThrow('not a key of a trial')
        expect(await collect(storage.read(key))).toEqual(before)
      }
    })

    check('a removal does what it says', async (storage) => {
      await storage.put(ours, before, content)
      const result = await trialOf(storage).remove(ours, {})
      if (result === 'refused') expect(await collect(storage.read(ours))).toEqual(before)
      else await expect(storage.stat(ours)).rejects.toBeInstanceOf(ObjectMissingError)
    })

    check('a replacement does what it says', async (storage) => {
      await storage.put(ours, before, content)
      const result = await trialOf(storage).overwrite(ours, after, {})
      expect(await collect(storage.read(ours))).toEqual(result === 'refused' ? before : after)
    })

    check('the clock, where there is one, is that of this machine', async (storage) => {
      const now = await trialOf(storage).clock({})
      expect(Math.abs((now ?? new Date()).getTime() - Date.now())).toBeLessThan(60_000)
    })

    check('whether older versions are kept is answered, or not known', async (storage) => {
      expect([true, false, undefined]).toContain(await trialOf(storage).keepsVersions({}))
    })

    check('what only this backend can try ends with a verdict', async (storage) => {
      const steps = trialOf(storage).steps ?? []
      for (const [i, step] of steps.entries()) {
        const key = (name: string) => `${ours}-${i}-${name}`
        const { result, detail } = await step.try({ key, call: {} })
        expect(['good', 'weak', 'bad', 'unknown']).toContain(result)
        expect(detail).toMatch(/[^.]$/)
      }
    })

    check('an aborted signal stops it before it begins', async (storage) => {
      await storage.put(ours, before, content)
      const stop = { signal: AbortSignal.abort(new Error('stopped')) }
      await expect(trialOf(storage).remove(ours, stop)).rejects.toThrow('stopped')
      await expect(trialOf(storage).overwrite(ours, after, stop)).rejects.toThrow('stopped')
      expect(await collect(storage.read(ours))).toEqual(before)
    })
  })
}

function trialOf({ trial }: Storage): Trial {
  if (!trial) throw new Error('every backend can be tried')
  return trial
}
