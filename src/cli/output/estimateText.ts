import type { Offer } from '../../runs/forecast/compare.ts'
import type { LibraryLook } from '../../runs/forecast/lookAtLibrary.ts'
import type { Bandwidth } from '../bandwidth.ts'
import { formatBytes, formatDuration, formatNumberOf } from '../../shared/format.ts'
import { formatDollars } from './money.ts'
import type { Style } from './output.ts'
import { reflow } from './reflow.ts'
import { renderTable, type Column } from './table.ts'

interface Estimate {
  look: LibraryLook
  bandwidth: Bandwidth
  offers: readonly Offer[]
}

/** An estimate for other programs: fields are added, never renamed. */
export function estimateDocument({ look, bandwidth, offers }: Estimate): unknown {
  const { findings, content, unreadable } = look
  return {
    files: findings.added.files,
    bytes: findings.added.bytes,
    unreadable,
    objects: content.objects,
    storedBytes: content.bytes,
    downloadBytesPerSecond: bandwidth.bytesPerSecond,
    offers: offers.map(({ tariff, forecast }) => ({
      provider: tariff.provider,
      region: tariff.region,
      class: tariff.storageClass,
      name: tariff.content.name,
      pricesOf: tariff.asOf ?? null,
      ownPrices: tariff.hasOwn,
      run: forecast.run,
      month: forecast.month,
      committed: forecast.committed ?? null,
      restore: forecast.restore,
    })),
  }
}

const columns: Column[] = [
  { title: 'Where', shrinks: true },
  { title: 'Upload', align: 'right' },
  { title: 'A month', align: 'right' },
  { title: 'Restore', align: 'right' },
  { title: 'Takes', align: 'right' },
  { title: 'At least', align: 'right' },
]

/** An estimate for people, in lines that a terminal of usual width takes. */
export function estimateText({ look, bandwidth, offers }: Estimate, width: number, style: Style): string {
  const { added } = look.findings
  const { objects, bytes } = look.content
  const table = renderTable(columns, offers.map(rowOf), width, (heading) => style('bold', heading))
  const text = `
Upload: the requests of the first backup. Restore: all of it once, with the traffic, by the cheapest tier.
Takes: thawing, then the download at ${bandwidth.text}. At least: so long an object is billed, even when it is
deleted before.

US dollars without taxes, by the providers' lists ${daysOf(offers)} for ${regionsOf(offers)}, which may have
changed. Database dumps come on top. 'prices' in the configuration says what you really pay; docs/costs.md where the lists come from.`
  return [
    `${formatNumberOf(added.files, 'file')}, ${formatBytes(added.bytes)}: ${formatNumberOf(objects, 'object')} of ${formatBytes(bytes)} once they are encrypted.`,
    '',
    table,
    reflow(text, Math.min(width, 80)),
  ].join('\n')
}

function rowOf({ tariff, forecast }: Offer): string[] {
  const { run, month, restore } = forecast
  const [cheapest] = restore.ways
  const takes = (cheapest?.thawHours ?? 0) * 3600 + restore.downloadSeconds
  const { minimumDays } = tariff.content
  return [
    `${tariff.content.name}${tariff.hasOwn ? ' (yours)' : ''}`,
    formatDollars(run.cost),
    formatDollars(month.cost),
    formatDollars(cheapest?.total ?? 0),
    formatDuration(takes * 1000),
    minimumDays === 0 ? '' : formatNumberOf(minimumDays, 'day'),
  ]
}

/** `us-east-1, us-central1`: those that say something. */
function regionsOf(offers: readonly Offer[]): string {
  const regions = offers.map(({ tariff }) => tariff.region).filter((region) => region.includes('-'))
  return [...new Set(regions)].join(', ')
}

/** `of 2026-05-01 to 2026-09-20` */
function daysOf(offers: readonly Offer[]): string {
  const days = offers.flatMap(({ tariff }) => tariff.asOf ?? []).sort()
  const [first] = days
  return first === undefined || first === days.at(-1) ? `of ${first}` : `of ${first} to ${days.at(-1)}`
}
