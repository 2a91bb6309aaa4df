import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { ownPrices } from '../config/prices.ts'
import { compareOffers } from '../runs/forecast/compare.ts'
import { lookAtLibrary, type LibraryLook } from '../runs/forecast/lookAtLibrary.ts'
import type { Config } from '../config/config.ts'
import { bandwidthOf } from './bandwidth.ts'
import { formatNumberOf } from '../shared/format.ts'
import type { Context } from './context.ts'
import { examples } from './examples.ts'
import { folderSources } from './folderSources.ts'
import { estimateDocument, estimateText } from './output/estimateText.ts'
import { scratchFolder } from './scratchFolder.ts'

export function configure(command: Command): void {
  command.addHelpText(
    'after',
    `
Compares what keeping this library would cost at each provider and in each
storage class that prices are known of. It needs no destination, no identity and
no network, and reads no file: it only looks at their sizes.

Prices are those of the providers' lists on the days that are shown. What you
really pay can be said with 'prices' in the configuration; docs/costs.md has it.
${examples([
  ['safelight estimate', 'Compares providers and storage classes for this library.'],
  ['safelight estimate --json', 'The same with every part of the sums, for a program.'],
])}`,
  )
}

export async function run(context: Context): Promise<void> {
  const config = context.loadConfig(['library'])
  const look = await lookAt(context, config)
  if (look.unreadable > 0) {
    const what = formatNumberOf(look.unreadable, 'folder or file', 'folders or files')
    context.output.warn(`${what} can't be looked at, and ${look.unreadable === 1 ? 'is' : 'are'} not counted`)
  }
  const bandwidth = bandwidthOf([config.limits])
  const estimate = {
    look,
    bandwidth,
    offers: compareOffers(look, bandwidth.bytesPerSecond, ownPrices(config)),
  }
  context.output.result(estimateDocument(estimate), (style) =>
    estimateText(estimate, context.output.columns, style),
  )
}

async function lookAt({ output, signal }: Context, config: Config): Promise<LibraryLook> {
  using progress = output.startProgress()
  let filesDone = 0
  let bytesDone = 0
  const folder = await mkdtemp(join(await scratchFolder(config.state), 'safelight-estimate-'))
  try {
    return await lookAtLibrary(folderSources(config), {
      ignore: config.ignore,
      compare: config.compare,
      oneFileSystem: config.oneFileSystem,
      folder,
      now: new Date(),
      onProgress: (files, bytes) => {
        filesDone += files
        bytesDone += bytes
        progress.update({ filesDone, bytesDone, current: 'looking at the library' })
      },
      signal,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
