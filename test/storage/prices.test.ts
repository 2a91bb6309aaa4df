import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { priceLists, thawOffers } from '../../src/storage/prices/lists.ts'
import { tariffOf, tariffsToCompare, type OwnPrices } from '../../src/storage/prices/tariff.ts'
import { thawTiers } from '../../src/storage/thawing.ts'

const amount = z.number().nonnegative().optional()
const told = z.number().nonnegative()
const list = z.strictObject({
  provider: z.string(),
  name: z.string(),
  asOf: z.iso.date(),
  sources: z.array(z.url({ protocol: /^https$/ })).min(1),
  confidence: z.enum(['primary', 'secondary']),
  note: z.string().min(20),
  gigabyte: z.literal([1e9, 2 ** 30]),
  regions: z.record(
    z.string(),
    z.strictObject({
      egress: told,
      freeEgress: amount,
      freeEgressTimes: amount,
      classes: z.record(
        z.string(),
        z.strictObject({
          name: z.string().max(20),
          storage: told,
          put: told,
          part: amount,
          get: told,
          retrieval: amount,
          minimumDays: amount,
          minimumObject: z.literal(131_072).optional(),
          overhead: amount,
          usualOverhead: amount,
          freeStorage: amount,
          minimumStorage: amount,
          freePuts: amount,
          freeGets: amount,
          thaw: z
            .array(
              z.strictObject({ tier: z.enum(thawTiers), hours: told, perGigabyte: told, perThousand: told }),
            )
            .optional(),
        }),
      ),
    }),
  ),
})

test.each(priceLists.map((one) => [one.provider, one] as const))('the list of %s has its form', (_, one) => {
  expect(list.safeParse(one).error?.issues ?? []).toEqual([])
  expect(Date.parse(one.asOf)).toBeLessThan(Date.now())
  for (const { classes } of Object.values(one.regions)) expect(classes).toHaveProperty('STANDARD')
})

function own(fields: Partial<OwnPrices>): OwnPrices {
  return { provider: 'aws', prices: {}, traffic: {}, ...fields }
}

describe('what a place costs', () => {
  const deep = { provider: 'aws', region: 'us-east-1', storageClass: 'DEEP_ARCHIVE' }

  test('has contents in their class, and the index in the usual one', () => {
    expect(tariffOf(deep)).toMatchObject({
      content: { storage: 0.00099, put: 0.05, part: 0.005, overhead: 32_768, minimumDays: 180 },
      index: { storage: 0.023, put: 0.005, part: 0.005, overhead: 0 },
      egress: 0.09,
      freeEgress: 100,
      region: 'us-east-1',
      asOf: '2026-08-18',
    })
  })

  test('is one and the same for both where that is the usual class', () => {
    const tariff = tariffOf({ provider: 'b2', region: 'eu-central-003', storageClass: undefined })
    expect(tariff?.content).toBe(tariff?.index)
  })

  test('is that of the first region with the class where its own is not listed, and says so', () => {
    expect(tariffOf({ ...deep, region: 'ap-northeast-1' })).toMatchObject({ region: 'us-east-1' })
    expect(tariffOf({ ...deep, region: 'ap-northeast-1', storageClass: 'STANDARD' })).toMatchObject({
      region: 'ap-northeast-1',
      content: { storage: 0.025 },
    })
  })

  test('is not known of a disk', () => {
    expect(
      tariffOf({ destination: 'disk', provider: undefined, region: undefined, storageClass: undefined }),
    ).toBe(undefined)
  })

  test('is what the owner says, field by field, in the region and class that are meant', () => {
    const prices = [
      own({ class: 'DEEP_ARCHIVE', prices: { storage: 0.0005 } }),
      own({ class: 'STANDARD', prices: { storage: 0.01 } }),
      own({ region: 'eu-central-1', prices: { storage: 9 } }),
      own({ provider: 'cloud', traffic: { egress: 0.01 } }),
      own({ provider: 'gcs', traffic: { egress: 9 } }),
    ]
    expect(tariffOf({ ...deep, destination: 'cloud' }, prices)).toMatchObject({
      content: { storage: 0.0005, put: 0.05 },
      index: { storage: 0.01, put: 0.005 },
      egress: 0.01,
      freeEgress: 100,
      hasOwn: true,
    })
    expect(tariffOf({ ...deep, region: 'eu-central-1' }, prices)).toMatchObject({
      content: { storage: 9, put: 0.05 },
      region: 'eu-central-1',
    })
  })

  test('is that of the region that the owner says a destination lies in', () => {
    const google = { destination: 'google', provider: 'gcs', region: undefined, storageClass: 'ARCHIVE' }
    expect(tariffOf(google)).toMatchObject({
      region: 'us-central1',
      content: { storage: 0.0012 },
      freeEgress: 100,
    })
    const prices = [own({ provider: 'google', region: 'europe-central2' })]
    expect(tariffOf(google, prices)).toMatchObject({
      region: 'europe-central2',
      content: { storage: 0.0025 },
      freeEgress: 0,
      hasOwn: false,
    })
    expect(tariffOf({ ...google, destination: 'other' }, prices)?.region).toBe('us-central1')
  })

  test('is only what the owner says where there is no list', () => {
    const prices = [own({ provider: 'friend', prices: { storage: 0.002, name: 'My friend' } })]
    const place = { destination: 'friend', provider: undefined, region: undefined, storageClass: undefined }
    expect(tariffOf(place, prices)).toMatchObject({
      content: { name: 'My friend', storage: 0.002, put: 0 },
      egress: 0,
      asOf: undefined,
      hasOwn: true,
    })
  })

  test('is compared for each class of each first region, and for what the owner names besides', () => {
    const prices = [
      own({ region: 'eu-central-1', class: 'GLACIER', prices: { storage: 0.004 } }),
      own({ provider: 'friend', traffic: { egress: 0.1 } }),
      own({ provider: 'google', region: 'europe-west1' }),
    ]
    const places = tariffsToCompare(prices).map(({ provider, region, storageClass }) => [
      provider,
      region,
      storageClass,
    ])
    expect(places).toHaveLength(16)
    expect(places).toContainEqual(['gcs', 'us-central1', 'ARCHIVE'])
    expect(places.slice(-2)).toEqual([
      ['aws', 'eu-central-1', 'GLACIER'],
      ['friend', '', 'STANDARD'],
    ])
  })
})

function offered(region: string): string[] {
  return thawOffers('aws', region).map((offer) => `${offer.storageClass} ${offer.tier}`)
}

test('thawing is offered in every class that needs it, in any region', () => {
  const all = [
    'GLACIER bulk',
    'GLACIER standard',
    'GLACIER expedited',
    'DEEP_ARCHIVE bulk',
    'DEEP_ARCHIVE standard',
  ]
  expect(offered('us-east-1')).toEqual(all)
  expect(offered('ap-northeast-1')).toEqual(all)
  expect(offered('mars-north-1')).toEqual(all)
})
