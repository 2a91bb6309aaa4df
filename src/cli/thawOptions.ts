import { Option, type Command } from 'commander'
import type { FrozenObjects } from '../runs/thaw/frozenObjects.ts'
import type { ThawChoice } from '../runs/thaw/thaw.ts'
import { UserError } from '../shared/errors.ts'
import { thawTiers, type ThawTier } from '../storage/thawing.ts'
import { formatBytes, formatNumberOf } from '../shared/format.ts'
import type { Output } from './output/output.ts'

export interface ThawOptions {
  thaw?: ThawTier
  wait?: boolean
}

export function addThawOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--thaw <tier>', 'thaw what is needed and lies frozen in an archive class').choices(
        thawTiers,
      ),
    )
    .addOption(new Option('--wait', 'with --thaw: stay until it can be read, for hours, and go on'))
}

/** How a run thaws, as the options say. @throws UserError for `--wait` alone. */
export function thawChoice({ thaw, wait = false }: ThawOptions, output: Output): ThawChoice {
  if (wait && thaw === undefined) throw new UserError('--wait needs --thaw: it waits for what that thaws')
  return {
    tier: thaw,
    wait,
    onWaiting: (pending) => output.note(`waiting: ${stillFrozen(pending)}`),
  }
}

/** `12 objects (34.5 GiB) can't be read yet` */
function stillFrozen({ total }: FrozenObjects): string {
  return `${formatNumberOf(total.objects, 'object')} (${formatBytes(total.bytes)}) can't be read yet`
}
