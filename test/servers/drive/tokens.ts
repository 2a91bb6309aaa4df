import { createVerify, generateKeyPairSync, randomBytes } from 'node:crypto'

/** What stands in the `aud` of a service account's assertion, whatever server it is sent to. */
const audience = 'https://oauth2.googleapis.com/token'
const jwtGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Of every server's service account: making them takes a while. */
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })

export type GoogleAccount = 'serviceAccount' | 'user'

export interface TokenAnswer {
  status: number
  body: object
}

/** Google's OAuth 2.0 token endpoint for one service account and one user, and the access tokens that it gave. */
export class GoogleTokens {
  readonly email = 'safelight@test.iam.gserviceaccount.com'
  readonly clientId = `client-${randomBytes(6).toString('hex')}.apps.googleusercontent.com`
  readonly clientSecret = `GOCSPX-${randomBytes(12).toString('hex')}`
  /** Replacing it revokes the one before. */
  refreshToken = `1//${randomBytes(24).toString('hex')}`
  readonly #accounts = new Map<string, GoogleAccount>()

  /** The file that Google hands out for a service account. */
  get serviceAccountKey(): string {
    return JSON.stringify({
      type: 'service_account',
      project_id: 'test',
      private_key_id: 'key-1',
      private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: this.email,
      client_id: '1',
      token_uri: audience,
    })
  }

  /** The answer to a form that was posted to the token endpoint. */
  answer(form: URLSearchParams): TokenAnswer {
    switch (form.get('grant_type') ?? '') {
      case jwtGrant:
        return this.#forAssertion(form.get('assertion') ?? '')
      case 'refresh_token':
        return this.#forRefreshToken(form)
      default:
        return refused('unsupported_grant_type', 'Invalid grant_type')
    }
  }

  /** Whose access token an Authorization header holds; undefined for none that is valid. */
  accountOf(authorization: string | undefined): GoogleAccount | undefined {
    return this.#accounts.get(/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '')
  }

  /** Makes every access token so far invalid. */
  revokeAccess(): void {
    this.#accounts.clear()
  }

  #forAssertion(assertion: string): TokenAnswer {
    const [header = '', payload = '', signature = ''] = assertion.split('.')
    const isSigned = createVerify('RSA-SHA256')
      .update(`${header}.${payload}`)
      .verify(keys.publicKey, signature, 'base64url')
    if (!isSigned) return refused('invalid_grant', 'Invalid JWT Signature.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
    const { iss, aud, scope, iat, exp } = claims
    if (iss !== this.email) return refused('invalid_grant', 'Invalid grant: account not found')
    if (aud !== audience || typeof scope !== 'string' || scope === '') {
      return refused('invalid_scope', 'Invalid OAuth scope or ID token audience provided.')
    }
    const now = Date.now() / 1000
    if (Number(iat) > now + 300 || Number(exp) < now || Number(exp) - Number(iat) > 3600) {
      return refused('invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes)')
    }
    return this.#give('serviceAccount')
  }

  #forRefreshToken(form: URLSearchParams): TokenAnswer {
    if (form.get('client_id') !== this.clientId || form.get('client_secret') !== this.clientSecret) {
      return { status: 401, body: { error: 'invalid_client', error_description: 'Unauthorized' } }
    }
    if (form.get('refresh_token') !== this.refreshToken) {
      return refused('invalid_grant', 'Token has been expired or revoked.')
    }
    return this.#give('user')
  }

  #give(account: GoogleAccount): TokenAnswer {
    const token = `ya29.${randomBytes(24).toString('base64url')}`
    this.#accounts.set(token, account)
    return { status: 200, body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } }
  }
}

function refused(error: string, description: string): TokenAnswer {
  return { status: 400, body: { error, error_description: description } }
}
