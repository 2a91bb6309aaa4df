import h264 from 'h264-mp4-encoder'
import sharp, { type Sharp } from 'sharp'
import { Random } from '../support/random.ts'
import { paintScene, type Raster } from './scene.ts'

/** Where a sample picture was taken. */
interface Place {
  city: string
  country: string
  latitude: number
  longitude: number
}

/** A JPEG with EXIF that many assets are made from, each with a date of its own: see `vary.ts`. */
export interface Photo {
  jpeg: Buffer
  width: number
  height: number
  place: Place
  camera: { make: string; model: string }
}

/** What the sample's files are made from. */
export interface Media {
  photos: Photo[]
  /** A phone's still picture that says that a video follows it in the file. */
  motionPhoto: Photo
  pngs: Buffer[]
  avif: Buffer
  videos: Buffer[]
  /** What Immich makes of a video. */
  transcode: Buffer
  /** A small JPEG, and a smaller WebP, as Immich makes of every picture. */
  preview: Buffer
  thumbnail: Buffer
}

/** The `DateTimeOriginal` of every {@link Photo}, to be replaced. */
export const placeholderDate = '1970:01:01 00:00:00'

export const frameSize = { width: 64, height: 48 }

const places: Place[] = [
  { city: 'Tromsø', country: 'Norway', latitude: 69.6492, longitude: 18.9553 },
  { city: 'Évora', country: 'Portugal', latitude: 38.571, longitude: -7.9135 },
  { city: '京都市', country: 'Japan', latitude: 35.0116, longitude: 135.7681 },
  { city: 'Valparaíso', country: 'Chile', latitude: -33.0472, longitude: -71.6127 },
]

const cameras = [
  { make: 'FUJIFILM', model: 'X-T30' },
  { make: 'Apple', model: 'iPhone 15' },
  { make: 'Google', model: 'Pixel 8' },
]

/** Small ones, and a few with a sensor's noise, whose files are several hundred KB. */
const shapes = [
  { width: 640, height: 480, grain: 12, count: 4 },
  { width: 480, height: 640, grain: 12, count: 2 },
  { width: 1024, height: 768, grain: 110, count: 2 },
]

/** Encodes all that a sample library is made from: a second's work. The same seed gives the same bytes. */
export async function encodeMedia(seed: number): Promise<Media> {
  const random = new Random(seed)
  const photos: Photo[] = []
  for (const { width, height, grain, count } of shapes) {
    for (let made = 0; made < count; made++) {
      photos.push(await encodePhoto(random, paintScene(random, width, height, grain)))
    }
  }
  const motionPhoto = await encodePhoto(random, paintScene(random, 640, 480, 12), motionPhotoXmp)
  const small = opened(paintScene(random, 320, 240, 0))
  return {
    photos,
    motionPhoto,
    pngs: [await encodePng(random), await encodePng(random)],
    avif: await small.clone().avif({ effort: 0 }).toBuffer(),
    videos: [await encodeVideo(random), await encodeVideo(random)],
    transcode: await encodeVideo(random),
    preview: await small.clone().jpeg({ quality: 70 }).toBuffer(),
    thumbnail: await small.clone().resize(80).webp().toBuffer(),
  }
}

function opened({ width, height, pixels }: Raster): Sharp {
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

async function encodePhoto(random: Random, scene: Raster, xmp?: string): Promise<Photo> {
  const place = random.pick(places)
  const camera = random.pick(cameras)
  const image = opened(scene)
    .jpeg({ quality: 88 })
    .withExif({
      IFD0: { Make: camera.make, Model: camera.model },
      IFD2: { DateTimeOriginal: placeholderDate },
      IFD3: {
        GPSLatitudeRef: place.latitude < 0 ? 'S' : 'N',
        GPSLatitude: degrees(place.latitude),
        GPSLongitudeRef: place.longitude < 0 ? 'W' : 'E',
        GPSLongitude: degrees(place.longitude),
      },
    })
  const jpeg = await (xmp === undefined ? image : image.withXmp(xmp)).toBuffer()
  return { jpeg, width: scene.width, height: scene.height, place, camera }
}

function encodePng(random: Random): Promise<Buffer> {
  return opened(paintScene(random, 200, 150, 0))
    .png()
    .toBuffer()
}

/** EXIF's three rational numbers: degrees, minutes, seconds. */
function degrees(value: number): string {
  const tenThousandths = Math.round(Math.abs(value) * 36_000_000)
  const whole = Math.floor(tenThousandths / 36_000_000)
  const minutes = Math.floor((tenThousandths % 36_000_000) / 600_000)
  return `${whole}/1 ${minutes}/1 ${tenThousandths % 600_000}/10000`
}

const motionPhotoXmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
    GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" GCamera:MotionPhotoPresentationTimestampUs="500000"/>
 </rdf:RDF>
</x:xmpmeta>`

/** A second of H.264: a scene that pans. */
async function encodeVideo(random: Random): Promise<Buffer> {
  const frames = 8
  const scene = opened(paintScene(random, frameSize.width + frames * 2, frameSize.height, 0))
  const encoder = await h264.createH264MP4Encoder()
  try {
    Object.assign(encoder, {
      ...frameSize,
      frameRate: frames,
      speed: 10,
      outputFilename: `${random.uuid()}.mp4`,
    })
    encoder.initialize()
    for (let frame = 0; frame < frames; frame++) {
      const view = scene.clone().extract({ left: frame * 2, top: 0, ...frameSize })
      encoder.addFrameRgba(await view.ensureAlpha().raw().toBuffer())
    }
    encoder.finalize()
    return Buffer.from(encoder.FS.readFile(encoder.outputFilename))
  } finally {
    encoder.delete()
  }
}
