import { auth } from '@googleapis/drive'
import { UserError } from '../../shared/errors.ts'
import type { DriveOptions } from '../options.ts'

/**
 * A service account sees nothing but what is shared with it, and has to see folders that it did not make. What a
 * refresh token is good for was decided when it was made.
 */
const scope = 'https://www.googleapis.com/auth/drive'

/** What signs requests with an access token, fetched and renewed as needed. */
export type DriveAuth = InstanceType<typeof auth.OAuth2>

/**
 * @param timeoutMs how long fetching an access token may take.
 * @throws UserError when the service account's key is none.
 */
export function driveAuth({ credentials, endpoint }: DriveOptions, timeoutMs: number): DriveAuth {
  const client = 'serviceAccount' in credentials ? jwt(credentials.serviceAccount) : oauth(credentials)
  client.transporter.interceptors.request.add({
    resolved: async (request) => {
      // Failures are tried again by our own policy only: see retry.ts.
      request.retry = false
      delete request.retryConfig
      if (isForToken(request.url)) {
        request.signal = AbortSignal.timeout(timeoutMs)
        // The client has Google's address of the token endpoint built in.
        if (endpoint !== undefined) request.url = new URL('token', endpoint)
      }
      return request
    },
  })
  return client
}

function isForToken({ href }: URL): boolean {
  return href === 'https://oauth2.googleapis.com/token'
}

interface OAuthClient {
  clientId: string
  clientSecret: string
  refreshToken: string
}

function oauth({ clientId, clientSecret, refreshToken }: OAuthClient): DriveAuth {
  const client = new auth.OAuth2({ clientId, clientSecret })
  client.setCredentials({ refresh_token: refreshToken })
  return client
}

function jwt(key: string): DriveAuth {
  const { client_email: email, private_key: privateKey } = parsedKey(key)
  return new auth.JWT({ email, key: privateKey, scopes: [scope] })
}

/** The error's cause is left out: a JSON parser quotes what it read. */
function parsedKey(text: string): { client_email: string; private_key: string } {
  const hint =
    'It takes the whole JSON file that the Google Cloud console made for a key of the service account.'
  try {
    const key = JSON.parse(text) as Record<string, unknown>
    const { client_email, private_key } = key
    if (typeof client_email === 'string' && typeof private_key === 'string')
      return { client_email, private_key }
  } catch {
    throw new UserError('the key of the service account for Drive is no JSON', { hint })
  }
  throw new UserError('the key of the service account for Drive lacks client_email or private_key', { hint })
}
