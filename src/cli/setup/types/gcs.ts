import { gcsDestination } from '../../../config/destinations/gcs.ts'
import type { DestinationType } from './destinationType.ts'

export const gcs: DestinationType = {
  type: 'gcs',
  title: 'Google Cloud Storage',
  hint: 'a bucket of Google Cloud',
  name: 'google',
  advice:
    'You need a bucket, and a service account with the roles Storage Object Creator and Storage Object Viewer on it.',
  schema: gcsDestination,
  questions: [
    {
      field: 'bucket',
      flag: 'bucket',
      ask: 'What is the bucket called?',
      help: 'It exists already, with uniform bucket-level access.',
      kind: 'text',
      labels: ['bucket_name', 'bucket'],
    },
    {
      field: 'prefix',
      flag: 'prefix',
      ask: 'Where in the bucket shall the backups lie?',
      help: 'immich, backups/immich; nothing for the bucket itself.',
      kind: 'text',
      standard: 'immich',
      optional: true,
    },
    {
      field: 'storageClass',
      flag: 'storage-class',
      ask: 'Which storage class shall photos and videos have?',
      help: 'The colder, the cheaper to keep and the dearer to read. Each has a shortest time that is billed.',
      kind: 'choice',
      choices: [
        { value: 'STANDARD', label: 'STANDARD' },
        { value: 'NEARLINE', label: 'NEARLINE', hint: 'billed for 30 days at least' },
        { value: 'COLDLINE', label: 'COLDLINE', hint: '90 days' },
        { value: 'ARCHIVE', label: 'ARCHIVE', hint: '365 days' },
      ],
      standard: 'STANDARD',
    },
    {
      field: 'endpoint',
      flag: 'endpoint',
      ask: "What is the service's URL?",
      help: 'Of a private endpoint, or of an emulator.',
      kind: 'text',
      byFlagOnly: true,
    },
    {
      field: 'credentials',
      flag: 'credentials',
      ask: "Where is the JSON file of the service account's key?",
      help: 'The console made it: IAM & Admin, Service Accounts, Keys, Add key, JSON. Only you should be able to read it.',
      kind: 'file',
      labels: ['service_account_key'],
    },
  ],
}
