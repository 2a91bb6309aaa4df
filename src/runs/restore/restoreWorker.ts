import { serveReads } from '../read/serveReads.ts'
import { FileSink } from './fileSink.ts'
import { hasSha256 } from './sameFile.ts'
import { emptyReport, type FileReport, type FileTarget, type RestoreContent } from './target.ts'
import { TemporaryNames } from './temporary.ts'

const names = new TemporaryNames()

serveReads<RestoreContent, FileReport>(() => {
  const report = emptyReport()
  return {
    isNeeded(content) {
      content.targets = content.targets.filter((target) => isToBeWritten(target, content, report))
      return content.targets.length > 0
    },
    sinkFor: (content) => new FileSink(content, names, report),
    report: () => report,
  }
})

function isToBeWritten(target: FileTarget, content: RestoreContent, report: FileReport): boolean {
  if (target.ifOther === undefined) return true
  if (hasSha256(target.path, content.sha256)) {
    report.already += 1
    report.otherBytes += content.size
    return false
  }
  if (target.ifOther === 'replace') return true
  report.problems.push({ path: target.treePath, kind: 'kept', message: 'another file is there, and stays' })
  return false
}
