import { s3Destination } from '../../../config/destinations/s3.ts'
import { s3Providers, type S3Provider } from '../../../storage/options.ts'
import { dialects } from '../../../storage/s3/dialects.ts'
import type { Answers, Choice, Question } from '../question.ts'
import type { DestinationType } from './destinationType.ts'

const names: Readonly<Record<S3Provider, string>> = {
  aws: 'Amazon S3',
  b2: 'Backblaze B2',
  r2: 'Cloudflare R2',
  wasabi: 'Wasabi',
  minio: 'MinIO',
  garage: 'Garage',
  seaweedfs: 'SeaweedFS',
  ceph: 'Ceph',
  other: 'another service that speaks S3',
}

const providers: readonly Choice[] = s3Providers.map((value) => ({ value, label: names[value] }))

function providerOf({ provider }: Answers): S3Provider {
  return s3Providers.find((known) => known === provider) ?? 'aws'
}

const needs = (what: 'region' | 'accountId' | 'endpoint') => (answers: Answers) =>
  dialects[providerOf(answers)].needs === what

function hasClasses(answers: Answers): boolean {
  return (dialects[providerOf(answers)].storageClasses?.length ?? 0) > 1
}

const questions: readonly Question[] = [
  {
    field: 'provider',
    flag: 'provider',
    ask: 'Whose service is it?',
    help: 'It sets what differs between services.',
    kind: 'choice',
    choices: providers,
    standard: 'aws',
  },
  {
    field: 'endpoint',
    flag: 'endpoint',
    ask: "What is the service's URL?",
    help: 'https://s3.example.com',
    kind: 'text',
    when: needs('endpoint'),
  },
  {
    field: 'accountId',
    flag: 'account-id',
    ask: 'What is the id of the account?',
    help: "It is on the overview page of R2, and the first part of the bucket's S3 address.",
    kind: 'text',
    when: needs('accountId'),
  },
  {
    field: 'region',
    flag: 'region',
    ask: 'In which region is the bucket?',
    help: 'us-west-004, eu-central-1: it is a part of the address that the page of the bucket shows.',
    kind: 'text',
    when: (answers) => needs('region')(answers) || ['aws', 'wasabi'].includes(providerOf(answers)),
    standard: (answers) => dialects[providerOf(answers)].region || undefined,
  },
  {
    field: 'forcePathStyle',
    flag: 'force-path-style',
    ask: "Does the bucket stand in the URL's path?",
    help: "Services of one's own want it where their DNS does not know a name for each bucket.",
    kind: 'yesno',
    when: (answers) => providerOf(answers) === 'other',
    standard: 'no',
  },
  {
    field: 'bucket',
    flag: 'bucket',
    ask: 'What is the bucket called?',
    help: 'It exists already. docs/destinations says how to set it up so that nothing in it can be replaced.',
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
    help: 'What is small and often read stays in STANDARD. Classes that are cheap to keep are slow and dear to read.',
    kind: 'choice',
    choices: (answers) =>
      (dialects[providerOf(answers)].storageClasses ?? []).map((value) => ({ value, label: value })),
    when: hasClasses,
    standard: 'STANDARD',
  },
  {
    field: 'credentials.accessKeyId',
    flag: 'access-key-id',
    ask: 'What is the id of the access key?',
    help: 'B2 calls it keyID. Best is a key for this bucket alone that may not delete.',
    kind: 'secret',
    labels: ['application_key_id', 'access_key_id'],
  },
  {
    field: 'credentials.secretAccessKey',
    flag: 'secret-access-key',
    ask: 'What is the secret of the access key?',
    help: 'B2 calls it applicationKey. It was shown once, when the key was made.',
    kind: 'secret',
    labels: ['application_key', 'secret_access_key'],
  },
]

export const s3: DestinationType = {
  type: 's3',
  title: 'a bucket that speaks S3',
  hint: 'Backblaze B2, Amazon, Cloudflare R2, Wasabi, MinIO and others',
  name: 'cloud',
  advice: 'You need a bucket, and an access key for it.',
  schema: s3Destination,
  questions,
}
