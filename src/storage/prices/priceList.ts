/*
 * What providers charge, in US dollars before taxes. The lists are data beside this file; docs/costs.md says where they
 * come from, and how they are calculated with.
 */
import type { ThawOffer } from '../thawing.ts'

/** What a storage class costs, and what is billed there that nobody stored. */
export interface ClassPrices {
  /** For people, in a table. */
  name: string
  /** For a gigabyte and month. */
  storage: number
  /** For 1,000 creates; in the usual class for 1,000 listings as well. */
  put: number
  /** For 1,000 parts of uploads in parts, or 1,000 beginnings of such. */
  part: number
  /** For 1,000 reads. */
  get: number
  /** For a gigabyte that is read, besides the traffic. */
  retrieval: number
  /** So many days are billed for an object at least. */
  minimumDays: number
  /** A smaller object is billed as one of so many bytes: 131,072 or nothing. */
  minimumObject: number
  /** Bytes billed beside each object's own. */
  overhead: number
  /** The same, at the price of the usual class. */
  usualOverhead: number
  /** Gigabytes that cost nothing. */
  freeStorage: number
  /** Gigabytes that are billed at least. */
  minimumStorage: number
  /** Creates, parts and listings in a month that cost nothing. */
  freePuts: number
  /** Reads in a month that cost nothing. */
  freeGets: number
  /** How objects are made readable, where they have to be before they can be read. */
  thaw: readonly Omit<ThawOffer, 'storageClass'>[]
}

/** What traffic out of a place costs. */
export interface TrafficPrices {
  /** For a gigabyte. */
  egress: number
  /** Gigabytes in a month that cost nothing. */
  freeEgress: number
  /** So many times what is stored costs nothing in a month. */
  freeEgressTimes: number
}

/** What a list has to say of a class: what it leaves out is nothing, and a part costs as much as a create. */
export type ListedClass = Partial<ClassPrices> & Pick<ClassPrices, 'name' | 'storage' | 'put' | 'get'>

export interface ListedRegion extends Partial<TrafficPrices> {
  egress: number
  classes: Readonly<Record<string, ListedClass>>
}

/** The prices of a provider. */
export interface PriceList {
  provider: string
  name: string
  /** The day of which the prices are: `2026-08-18`. */
  asOf: string
  /** The pages of the provider that have them. */
  sources: readonly string[]
  /** Whether the provider's own page was read, or only what others wrote of it. */
  confidence: 'primary' | 'secondary'
  note: string
  /** Bytes that the provider calls a gigabyte. */
  gigabyte: number
  /** The first one stands for those that are not listed. */
  regions: Readonly<Record<string, ListedRegion>>
}

/** All prices of a class, from those that are told. */
export function wholeClass(told: ListedClass): ClassPrices {
  return {
    part: told.put,
    retrieval: 0,
    minimumDays: 0,
    minimumObject: 0,
    overhead: 0,
    usualOverhead: 0,
    freeStorage: 0,
    minimumStorage: 0,
    freePuts: 0,
    freeGets: 0,
    thaw: [],
    ...told,
  }
}
