import { priceLists } from './lists.ts'
import {
  wholeClass,
  type ClassPrices,
  type ListedClass,
  type ListedRegion,
  type PriceList,
  type TrafficPrices,
} from './priceList.ts'

/** All that one storage class at one place costs. */
export interface Tariff extends TrafficPrices {
  provider: string
  /** Of the prices: another one than the place's own, where there are none of that. */
  region: string
  storageClass: string
  /** Bytes that the provider calls a gigabyte. */
  gigabyte: number
  content: ClassPrices
  /** What manifests, records and dumps cost, which are always in the usual class: the same object as `content` where that is it. */
  index: ClassPrices
  /** The day of which the prices are, as far as they are listed; undefined when all of them are the owner's own. */
  asOf: string | undefined
  /** Whether the owner's own prices are among them. */
  hasOwn: boolean
}

/** What an owner says of prices: it counts before the lists. */
export interface OwnPrices {
  /** A provider, or the name of a destination. */
  provider: string
  /** All of them, where it is left out. */
  region?: string | undefined
  /** All of them, where it is left out. */
  class?: string | undefined
  prices: { [Field in keyof Omit<ClassPrices, 'thaw'>]?: ClassPrices[Field] | undefined }
  traffic: { [Field in keyof TrafficPrices]?: TrafficPrices[Field] | undefined }
}

/** What a destination is, as far as prices go. */
export interface PricedPlace {
  /** Its name, by which an owner's prices may be meant for it alone. */
  destination?: string | undefined
  /** Undefined where nobody is known to charge: a disk, a server of one's own. */
  provider: string | undefined
  /** Undefined where it is not known: an owner's prices of this very destination may name one. */
  region: string | undefined
  storageClass: string | undefined
}

/** The class that everything but contents lies in, and contents where no other is configured. */
const usualClass = 'STANDARD'

/**
 * What a place costs. Where its region is not listed with that class, the first one that is stands for it.
 * @returns undefined when neither a list nor the owner says anything.
 */
export function tariffOf(place: PricedPlace, own: readonly OwnPrices[] = []): Tariff | undefined {
  const { destination, provider, storageClass = usualClass } = place
  const list = priceLists.find((one) => one.provider === provider)
  const wanted = place.region ?? own.find((one) => one.provider === destination && one.region)?.region
  const found = list && regionWith(list, wanted, storageClass)
  const told = own.filter(
    (one) =>
      saysPrices(one) &&
      (one.provider === provider || one.provider === destination) &&
      (one.region === undefined || one.region === wanted),
  )
  if (!found && told.length === 0) return undefined
  const [region, listed]: [string, ListedRegion] = found ?? ['', { egress: 0, classes: {} }]
  const classOf = (name: string): ClassPrices => {
    const free: ListedClass = { name: destination ?? provider ?? '', storage: 0, put: 0, get: 0 }
    const changes = told.filter((one) => (one.class ?? name) === name).map(({ prices }) => defined(prices))
    return wholeClass(Object.assign({ ...(listed.classes[name] ?? free) }, ...changes) as ListedClass)
  }
  const { classes: _classes, ...traffic } = listed
  const content = classOf(storageClass)
  return {
    freeEgress: 0,
    freeEgressTimes: 0,
    ...(Object.assign(traffic, ...told.map((one) => defined(one.traffic))) as Pick<TrafficPrices, 'egress'>),
    provider: provider ?? destination ?? '',
    region: told.some((one) => one.region !== undefined) ? (wanted ?? '') : region,
    storageClass,
    gigabyte: list?.gigabyte ?? 1_000_000_000,
    content,
    index: storageClass === usualClass ? content : classOf(usualClass),
    asOf: found && list?.asOf,
    hasOwn: told.length > 0,
  }
}

/** Every class of every provider in its first region, then what the owner names besides. */
export function tariffsToCompare(own: readonly OwnPrices[] = []): Tariff[] {
  const listed = priceLists.flatMap(({ provider, regions }) => {
    const [[region, { classes }] = ['', { classes: {} }]] = Object.entries(regions)
    return Object.keys(classes).map((storageClass) => ({ provider, region, storageClass }))
  })
  const added = own
    .filter(saysPrices)
    .filter(
      (one) => one.region !== undefined || !priceLists.some(({ provider }) => provider === one.provider),
    )
    .map(({ provider, region, class: storageClass }) => ({ provider, region, storageClass }))
  return [...listed, ...added].flatMap((place) => tariffOf(place, own) ?? [])
}

/** An entry may also say no more than where a destination lies. */
function saysPrices({ prices, traffic }: OwnPrices): boolean {
  return Object.values({ ...prices, ...traffic }).some((value) => value !== undefined)
}

function regionWith(
  { regions }: PriceList,
  wanted: string | undefined,
  storageClass: string,
): [string, ListedRegion] | undefined {
  const having = Object.entries(regions).filter(([, { classes }]) => classes[storageClass])
  return having.find(([region]) => region === wanted) ?? having[0]
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
