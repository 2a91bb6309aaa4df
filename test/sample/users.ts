import type { Random } from '../support/random.ts'

export interface SampleUser {
  id: string
  name: string
  email: string
  isAdmin: boolean
  /** Names the user's folder under `library/`; without one it is the id. */
  storageLabel: string | null
  /** The avatar, relative to the media root. */
  profileImage: string
}

export interface SampleUsers {
  /** Administrator, with a storage label. */
  ada: SampleUser
  /** Without a storage label. */
  ben: SampleUser
}

export function makeUsers(random: Random): SampleUsers {
  const user = (name: string, storageLabel: string | null, isAdmin: boolean): SampleUser => {
    const id = random.uuid()
    const email = `${name.toLowerCase()}@example.org`
    return { id, name, email, isAdmin, storageLabel, profileImage: `profile/${id}/${random.uuid()}.jpg` }
  }
  return { ada: user('Ada', 'ada', true), ben: user('Ben', null, false) }
}
