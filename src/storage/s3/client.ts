import { S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { S3Options } from '../options.ts'
import type { S3Setup } from './setup.ts'

/** A client that makes each call once, hashes each body once, and drops a connection where nothing moves for `idleMs`. */
export function createS3Client(
  { region, endpoint, pathStyle }: S3Setup,
  credentials: S3Options['credentials'],
  idleMs: number,
): S3Client {
  const agent = { keepAlive: true, maxSockets: 64 }
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    ...(credentials === undefined ? {} : { credentials: identity(credentials) }),
    // Tries again by our own policy only: see retry.ts.
    maxAttempts: 1,
    // Without one it warns on the console of each failed upload; we are told by its error.
    logger: { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
    // We name the checksum of each body ourselves, and what is read is checked against hashes of our own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK's handling of it opens a new connection for each large body.
    expectContinueHeader: false,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 15_000,
      socketTimeout: idleMs,
      httpAgent: agent,
      httpsAgent: agent,
    }),
  })
  signWithChecksum(client)
  return client
}

function ignore(): void {}

function identity({ accessKeyId, secretAccessKey, sessionToken }: NonNullable<S3Options['credentials']>) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

/** The signature covers the body by its SHA-256, which the checksum header holds already: spares a second pass. */
function signWithChecksum(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> }
      const checksum = headers['x-amz-checksum-sha256']
      if (checksum !== undefined) {
        headers['x-amz-content-sha256'] = Buffer.from(checksum, 'base64').toString('hex')
      }
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'signWithChecksum' },
  )
}
