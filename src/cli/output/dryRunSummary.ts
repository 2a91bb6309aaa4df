import type { BackupEnd, DryRun } from '../../runs/backup/plan.ts'
import type { FileTotals } from '../../runs/backup/workList.ts'
import type { Findings } from '../../runs/forecast/findings.ts'
import { forecast, type Forecast } from '../../runs/forecast/forecast.ts'
import type { Oddity, OddityKind } from '../../runs/forecast/oddities.ts'
import type { Survey } from '../../runs/forecast/survey.ts'
import { printablePath } from '../../shared/bytePath.ts'
import type { Tariff } from '../../storage/prices/tariff.ts'
import { formatBytes, formatDuration, formatNumberOf } from '../../shared/format.ts'
import type { Bandwidth } from '../bandwidth.ts'
import type { Pricing } from '../pricing.ts'
import { backupDocument, backupSummary, problemLines } from './backupSummary.ts'
import { formatDollars } from './money.ts'

/** The end of a backup for other programs, that of a dry run with a forecast: fields are added, never renamed. */
export function documentWithForecast(end: BackupEnd, pricing: (destination: string) => Pricing): unknown {
  const document = backupDocument(end) as object
  const { dryRun } = end.result ?? {}
  return dryRun ? { ...document, dryRun: dryRunDocument(dryRun, pricing(end.destination)) } : document
}

/** The end of a backup for people, that of a dry run with what it found and a forecast. */
export function summaryWithForecast(end: BackupEnd, pricing: (destination: string) => Pricing): string {
  const { result } = end
  if (!result?.dryRun) return backupSummary(end)
  const { findings, survey } = result.dryRun
  return [
    backupSummary(end),
    ...findingLines(findings),
    ...forecastLines(survey, pricing(end.destination)),
    ...problemLines(result),
  ].join('\n')
}

function dryRunDocument({ findings, survey }: DryRun, { tariff, bandwidth }: Pricing): unknown {
  const { bytesPerSecond } = bandwidth(survey.readRate)
  return {
    findings,
    stored: survey.stored,
    added: survey.added,
    requests: survey.requests,
    growth: survey.growth ?? null,
    forecast: tariff
      ? {
          provider: tariff.provider,
          region: tariff.region,
          class: tariff.storageClass,
          pricesOf: tariff.asOf ?? null,
          ownPrices: tariff.hasOwn,
          downloadBytesPerSecond: bytesPerSecond,
          ...forecast(tariff, survey, bytesPerSecond),
        }
      : null,
  }
}

function findingLines({ added, changed, moved, gone, largest, odd }: Findings): string[] {
  return [
    `  new        ${filesText(added)}`,
    `  changed    ${filesText(changed)}`,
    moved.files > 0 ? `  moved      ${filesText(moved)}, by size and time: nothing to store` : '',
    `  gone       ${filesText(gone)}${gone.files > 0 ? '; what was stored of them stays' : ''}`,
    ...largest.map(
      ({ path, bytes }, i) =>
        `  ${i === 0 ? 'largest' : '       '}    ${formatBytes(bytes).padStart(8)}  ${printablePath(path)}`,
    ),
    ...odd.flatMap(oddLines),
    added.files + changed.files > 1
      ? '  not known  which are the same: a backup reads them, and stores them once'
      : '',
  ].filter((line) => line !== '')
}

const oddities: Record<OddityKind, (count: number) => string> = {
  sizeOnly: (count) => `${formatNumberOf(count, 'file')} changed content but not time`,
  original: (count) => `${formatNumberOf(count, 'original')} changed; Immich never does that: look first`,
  metadataOnly: (count) =>
    `${formatNumberOf(count, 'file')} touched: same size and time, a backup reads them to see`,
  empty: (count) => `${formatNumberOf(count, 'file')} without content: an upload may have broken off`,
  future: (count) => `${formatNumberOf(count, 'file')} from the future: a clock is or was wrong`,
}

function oddLines({ kind, files, examples }: Oddity): string[] {
  const more = files > examples.length ? ['             …'] : []
  return [
    `  odd        ${oddities[kind](files)}`,
    ...examples.map((path) => `             ${printablePath(path)}`),
    ...more,
  ]
}

function forecastLines(survey: Survey, { tariff, bandwidth }: Pricing): string[] {
  if (!tariff) return ['  costs      not known; `prices` in the configuration can tell']
  const { growth } = survey
  const rate = bandwidth(survey.readRate)
  const { run, month, year, committed, restore } = forecast(tariff, survey, rate.bytesPerSecond)
  const daily = growth && growth.content.amount.bytes / growth.content.days
  return [
    ...priceLines(tariff),
    `    this run   ${formatNumberOf(run.requests, 'request')}, ${formatDollars(run.cost)}`,
    committed
      ? `    at least   ${formatDollars(committed.cost)}, even if it is deleted: ${committed.days} days are billed`
      : '',
    `    a month    ${formatDollars(month.cost)} for ${formatBytes(month.bytes)}`,
    year && daily !== undefined
      ? `    in a year  ${formatDollars(year.cost)} a month for ${formatBytes(year.bytes)}, with ${formatBytes(daily)} a day as until now`
      : '    in a year  not known before a week has passed',
    ...restoreLines(restore, rate),
  ].filter((line) => line !== '')
}

function restoreLines({ ways, downloadSeconds }: Forecast['restore'], { text }: Bandwidth): string[] {
  const download = `${formatDuration(downloadSeconds * 1000)} at ${text}`
  return ways.flatMap(({ tier, thawHours, traffic, total }, i) => {
    const thawing = `${formatDuration(thawHours * 3_600_000)} to thaw (${tier})`
    if (i > 0) return [`               or ${formatDollars(total)}, ${thawing}`]
    const cost = `${formatDollars(total)} for all of it${traffic > 0 ? `, ${formatDollars(traffic)} of it traffic` : ''}`
    return [
      `    restore    ${cost}`,
      `               ${tier === undefined ? '' : `${thawing}, then `}${download}`,
    ]
  })
}

/** `US dollars, S3 Deep Archive, us-east-1, by the list of 2026-08-18` */
function priceLines({ content, region, asOf, hasOwn }: Tariff): string[] {
  if (asOf === undefined) return ['  costs      US dollars, by your own prices']
  const place = region.includes('-') ? `${content.name}, ${region}` : content.name
  return [
    `  costs      US dollars, ${place}, by the list of ${asOf}`,
    ...(hasOwn ? ['             and your own prices'] : []),
  ]
}

function filesText({ files, bytes }: FileTotals): string {
  return files === 0 ? 'none' : `${formatNumberOf(files, 'file')}, ${formatBytes(bytes)}`
}
