import { driveDestination } from '../../../config/destinations/drive.ts'
import type { Answers, Question } from '../question.ts'
import type { DestinationType } from './destinationType.ts'

const withAccount = ({ account }: Answers) => account === 'service-account'
const withUser = ({ account }: Answers) => account === 'oauth'

const questions: readonly Question[] = [
  {
    field: 'account',
    flag: 'account',
    notAField: true,
    ask: 'Whose Drive is it?',
    help: 'docs/destinations/drive.md says how to get what each of them needs.',
    kind: 'choice',
    choices: [
      {
        value: 'service-account',
        label: 'a shared drive of Google Workspace',
        hint: 'by a service account; the better way',
      },
      { value: 'oauth', label: 'My Drive of a user', hint: 'by an app of your own' },
    ],
    standard: 'service-account',
  },
  {
    field: 'folder',
    flag: 'folder',
    ask: 'What is the id of the shared drive, or of a folder in it?',
    help: 'The last part of its address in the browser, behind folders/.',
    kind: 'text',
    when: withAccount,
  },
  {
    field: 'prefix',
    flag: 'prefix',
    ask: 'In which folders below it shall the backups lie?',
    help: 'immich, Safelight/immich: they are made if need be.',
    kind: 'text',
    standard: 'immich',
    optional: true,
  },
  {
    field: 'serviceAccount',
    flag: 'service-account',
    ask: "Where is the JSON file of the service account's key?",
    help: 'The console made it: IAM & Admin, Service Accounts, Keys, Add key, JSON. Only you should be able to read it.',
    kind: 'file',
    when: withAccount,
    labels: ['service_account_key'],
  },
  {
    field: 'oauth.clientId',
    flag: 'client-id',
    ask: "What is the app's client id?",
    help: 'It ends in .apps.googleusercontent.com',
    kind: 'secret',
    when: withUser,
    labels: ['client_id'],
  },
  {
    field: 'oauth.clientSecret',
    flag: 'client-secret',
    ask: "What is the app's client secret?",
    help: 'It begins with GOCSPX-',
    kind: 'secret',
    when: withUser,
    labels: ['client_secret'],
  },
  {
    field: 'oauth.refreshToken',
    flag: 'refresh-token',
    ask: 'What is the refresh token?',
    help: 'Of the scope drive.file, as the OAuth playground gives it.',
    kind: 'secret',
    when: withUser,
    labels: ['refresh_token'],
  },
]

export const drive: DestinationType = {
  type: 'drive',
  title: 'Google Drive',
  hint: 'a shared drive, or My Drive',
  name: 'drive',
  advice:
    'You need the Drive API enabled in a project of Google Cloud, and an account or app of that project.',
  schema: driveDestination,
  questions,
  impliedBy: ({ oauth }) => ({ account: oauth === undefined ? 'service-account' : 'oauth' }),
}
