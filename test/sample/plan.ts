import { extname } from 'node:path'
import type { Random } from '../support/random.ts'
import { AssetMaker, type SampleAsset } from './assets.ts'
import type { Media } from './media.ts'
import { awkwardNames } from './names.ts'
import { encodedVideoPath, sidecarPath, uploadPath } from './paths.ts'
import type { SampleUsers } from './users.ts'

/** When pictures were taken: on few days, so that a day's folder holds several. */
const days = [
  '2016-12-24',
  '2019-07-03',
  '2019-07-04',
  '2021-05-15',
  '2023-10-08',
  '2024-08-17',
  '2026-06-21',
]

/**
 * What a library holds: everything unusual once or twice, then ordinary pictures and videos up to `count` rows.
 * @throws where `count` is too small for what is unusual.
 */
export function planAssets(random: Random, media: Media, users: SampleUsers, count: number): SampleAsset[] {
  const make = new AssetMaker(random, media)
  const assets = unusualAssets(random, make, users)
  if (count < assets.length)
    throw new Error(`a sample library has at least ${assets.length} assets, not ${count}`)
  while (assets.length < count) assets.push(ordinaryAsset(random, make, users, assets.length))
  return assets
}

function unusualAssets(random: Random, make: AssetMaker, { ada, ben }: SampleUsers): SampleAsset[] {
  const holiday = new Date('2019-07-03T10:11:12.345Z')
  const when = () => someMoment(random)
  const first = make.photo(ada, holiday, 'IMG_2041.jpg')
  const second = make.photo(ada, holiday, 'IMG_2041.jpg')
  const given = make.photo(ada, holiday, 'from Ada.jpg')
  return [
    ...awkwardNames.map((name) => withSidecar(make.photo(ada, holiday, name))),
    ...make.livePhoto(ada, when(), 'IMG_3001'),
    ...make.livePhoto(ben, when(), 'IMG_3002'),
    ...make.motionPhoto(ben, when(), 'PXL_20240817_101112.MP.jpg'),
    ...make.drawings(ben, when()),
    // Two files that were called the same.
    first,
    { ...second, path: second.path.replace('.jpg', '+1.jpg') },
    // One content under two paths: Immich keeps that apart by owner.
    given,
    { ...uploaded(random, { ...given, owner: ben }), id: random.uuid() },
    // Larger than one part of an upload is with most providers.
    transcoded(make.video(ada, when(), 'concert.mp4', 6_000_000)),
    transcoded(uploaded(random, make.video(ben, when(), 'birthday.mp4', 300_000))),
    { ...make.photo(ada, when(), 'blurred.jpg'), trashed: true },
    { ...uploaded(random, make.video(ben, when(), 'pocket.mp4')), trashed: true },
    { ...make.photo(ada, when(), 'receipt.jpg'), visibility: 'archive' },
    { ...make.photo(ada, when(), 'passport.jpg'), visibility: 'locked' },
    { ...make.photo(ada, when(), 'scan 001.jpg'), external: true, path: '1998/scan 001.jpg' },
    { ...make.photo(ada, when(), 'scan 002.jpg'), external: true, path: '1998/scan 002.jpg' },
  ]
}

/** Mostly Ada's, mostly photos, mostly under the storage template, some with a sidecar. */
function ordinaryAsset(random: Random, make: AssetMaker, users: SampleUsers, index: number): SampleAsset {
  const owner = random.next() < 0.7 ? users.ada : users.ben
  const number = String(index).padStart(4, '0')
  const asset =
    random.next() < 0.9
      ? make.photo(owner, someMoment(random), `DSCF${number}.JPG`)
      : transcoded(make.video(owner, someMoment(random), `MVI_${number}.mp4`))
  const placed = random.next() < 0.75 ? asset : uploaded(random, asset)
  return random.next() < 0.25 ? withSidecar(placed) : placed
}

export function someMoment(random: Random): Date {
  return new Date(Date.parse(random.pick(days)) + random.integer(6 * 3_600_000, 22 * 3_600_000))
}

/** The asset as it lies before the storage template is applied. */
export function uploaded(random: Random, asset: SampleAsset): SampleAsset {
  return {
    ...asset,
    path: uploadPath(asset.owner, random.uuid(), extname(asset.name).slice(1).toLowerCase()),
  }
}

function withSidecar(asset: SampleAsset): SampleAsset {
  return { ...asset, sidecar: sidecarPath(asset.path) }
}

function transcoded(asset: SampleAsset): SampleAsset {
  return { ...asset, transcode: encodedVideoPath(asset.owner, asset.id, '.mp4') }
}
