import { sftpDestination } from '../../../config/destinations/sftp.ts'
import type { Answers, Question } from '../question.ts'
import { newSshKey } from '../sshKey.ts'
import type { Discovery, DestinationType, DiscoverySurroundings, MadeSecret } from './destinationType.ts'

const patienceMs = 15_000
const by =
  (...ways: string[]) =>
  ({ login = '' }: Answers) =>
    ways.includes(login)

const questions: readonly Question[] = [
  {
    field: 'host',
    flag: 'host',
    ask: 'Which server?',
    help: 'backup.example.org, or its address.',
    kind: 'text',
  },
  {
    field: 'port',
    flag: 'port',
    ask: 'On which port does it listen?',
    help: '22, nearly always.',
    kind: 'number',
    standard: '22',
  },
  {
    field: 'hostKey',
    flag: 'host-key',
    ask: 'What is the fingerprint of its host key?',
    help: 'SHA256:..., as its owner sees it with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
    kind: 'text',
  },
  { field: 'user', flag: 'user', ask: 'As which user?', help: 'safelight', kind: 'text' },
  {
    field: 'path',
    flag: 'path',
    ask: 'In which folder of the server shall the backups lie?',
    help: 'backups/immich; without a slash at its beginning it lies where the account begins.',
    kind: 'text',
    standard: 'safelight',
  },
  {
    field: 'login',
    flag: 'login',
    notAField: true,
    ask: 'How do you log in?',
    help: 'A key of its own for backups is best.',
    kind: 'choice',
    choices: [
      { value: 'new-key', label: 'with a new key, made now' },
      { value: 'key', label: 'with a key that I have' },
      { value: 'password', label: 'with a password' },
    ],
    standard: 'key',
  },
  {
    field: 'key',
    flag: 'key',
    ask: 'Where is the private key?',
    help: '~/.ssh/id_ed25519',
    kind: 'file',
    when: by('key'),
    labels: ['private_key'],
  },
  {
    field: 'passphrase',
    flag: 'key-passphrase',
    ask: 'What is the passphrase of that key?',
    help: 'Nothing, when it has none.',
    kind: 'secret',
    optional: true,
    when: by('key'),
    labels: ['key_passphrase'],
  },
  {
    field: 'password',
    flag: 'password',
    ask: 'What is the password?',
    help: 'Of that user, at that server.',
    kind: 'secret',
    when: by('password'),
    labels: ['password'],
  },
]

export const sftp: DestinationType = {
  type: 'sftp',
  title: 'a server by SFTP',
  hint: "a friend's machine, a NAS, a rented storage box",
  name: 'friend',
  advice: 'You need an account on a server that lets it in by SSH or SFTP.',
  schema: sftpDestination,
  questions,
  impliedBy: ({ password }) => ({ login: password === undefined ? 'key' : 'password' }),
  discover: { hostKey: shownHostKey },
  make: newKey,
}

function newKey({ login, user = '', host = '' }: Answers): MadeSecret | undefined {
  if (login !== 'new-key') return undefined
  const { privateKey, publicKey } = newSshKey('safelight')
  return {
    field: 'key',
    label: 'private_key',
    value: privateKey,
    task: {
      title: `On ${host}, add this line to ~/.ssh/authorized_keys of ${user}:`,
      text: publicKey,
      ask: 'Is it there?',
    },
  }
}

/** What a server shows is only offered: whoever sits between could show it, too. */
async function shownHostKey(
  { host = '', port = '22' }: Answers,
  { signal }: DiscoverySurroundings,
): Promise<Discovery> {
  const { fetchHostKey } = await import('../../../storage/sftp/connect.ts')
  try {
    const { type, fingerprint } = await fetchHostKey(
      { host, port: Number(port) },
      { idleMs: patienceMs, signal },
    )
    return {
      note: `The server shows the host key ${type}\n${fingerprint}\nCompare it with what its owner sees before you take it.`,
      offer: fingerprint,
    }
  } catch {
    signal.throwIfAborted()
    return { note: 'The server did not answer, so its host key can not be shown here.' }
  }
}
