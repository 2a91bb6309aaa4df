import * as z from 'zod'
import { httpUrl, text } from './fields.ts'

/** Where metrics go. */
export const metrics = z.strictObject({
  textfile: text.regex(/\.prom$/, 'ends in .prom: node_exporter reads no other files').optional(),
  pushgateway: httpUrl.optional(),
})
