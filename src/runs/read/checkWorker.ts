import { serveReads } from './serveReads.ts'
import type { Sink } from './slicer.ts'

/** Reading is the check; the bytes go nowhere. */
const discard: Sink = { write: () => undefined, commit: () => undefined, abandon: () => undefined }

serveReads(() => ({ sinkFor: () => discard, report: () => undefined }))
