/* putOnce.ts ROOT KEY: puts one object into a local storage, to be watched by strace, and says how that went. */
import { openLocal } from '../../src/storage/local/local.ts'

const [root = '', key = ''] = process.argv.slice(2)
try {
  const storage = await openLocal(root)
  await storage.put(key, Buffer.from('bytes'), { kind: 'content' })
  console.log('done')
} catch (error) {
  console.log(String(error))
}
