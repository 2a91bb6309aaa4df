import type { Random } from '../support/random.ts'

type Colour = readonly [red: number, green: number, blue: number]

export interface Raster {
  width: number
  height: number
  /** Three bytes a pixel, row by row. */
  pixels: Buffer
}

const skies: readonly (readonly [top: Colour, horizon: Colour])[] = [
  [
    [28, 54, 110],
    [250, 176, 120],
  ],
  [
    [60, 130, 200],
    [205, 226, 240],
  ],
  [
    [18, 20, 48],
    [92, 70, 120],
  ],
  [
    [120, 150, 170],
    [236, 232, 214],
  ],
]

const sunlight: Colour = [255, 244, 214]

/**
 * Paints hills under a sky with a sun. `grain` is the strength of the noise of a sensor, 0 to 255: the more of it, the
 * larger the encoded file.
 */
export function paintScene(random: Random, width: number, height: number, grain: number): Raster {
  const [top, horizon] = random.pick(skies)
  const sun = { x: random.next() * width, y: (0.1 + random.next() * 0.4) * height, radius: height * 0.07 }
  const hills = [0.55, 0.68, 0.82].map((base, depth) => {
    const [swing, waves, phase] = [0.04 + random.next() * 0.08, 1 + random.next() * 3, random.next() * 6]
    const edge = (x: number) => (base + swing * Math.sin((6 * waves * x) / width + phase)) * height
    return {
      colour: mix([70, 110, 95], [18, 34, 30], depth / 2),
      edges: Array.from({ length: width }, (_, x) => edge(x)),
    }
  })
  const pixels = Buffer.alloc(width * height * 3)
  let at = 0
  for (let y = 0; y < height; y++) {
    const sky = mix(top, horizon, y / height)
    for (let x = 0; x < width; x++) {
      const hill = hills.findLast(({ edges }) => y > (edges[x] ?? height))
      const inSun = Math.hypot(x - sun.x, y - sun.y) < sun.radius
      const [red, green, blue] = hill?.colour ?? (inSun ? sunlight : sky)
      const noise = grain === 0 ? 0 : (random.next() - 0.5) * grain
      pixels[at++] = clamped(red + noise)
      pixels[at++] = clamped(green + noise)
      pixels[at++] = clamped(blue + noise)
    }
  }
  return { width, height, pixels }
}

function clamped(value: number): number {
  return Math.min(255, Math.max(0, value))
}

function mix(from: Colour, to: Colour, share: number): Colour {
  const between = (a: number, b: number) => a + (b - a) * share
  return [between(from[0], to[0]), between(from[1], to[1]), between(from[2], to[2])]
}
