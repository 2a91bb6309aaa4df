/*
 * Where Immich puts files, relative to its media root.
 */

interface Owner {
  id: string
  storageLabel: string | null
}

/** An original that came in before, or without, the storage template. */
export function uploadPath(owner: Owner, uuid: string, extension: string): string {
  return `upload/${owner.id}/${spread(uuid)}/${uuid}.${extension}`
}

/** An original under the storage template `{{y}}/{{y}}-{{MM}}-{{dd}}/{{filename}}`. */
export function libraryPath(owner: Owner, takenAt: Date, name: string): string {
  const day = takenAt.toISOString().slice(0, 10)
  return `library/${owner.storageLabel ?? owner.id}/${day.slice(0, 4)}/${day}/${name}`
}

/** Uploads have `<uuid>.xmp`; under the template it is the original's whole name and `.xmp`. */
export function sidecarPath(original: string): string {
  return original.startsWith('upload/') ? original.replace(/\.[^.]+$/, '.xmp') : `${original}.xmp`
}

export function thumbsPath(owner: Owner, id: string, ending: string): string {
  return `thumbs/${owner.id}/${spread(id)}/${id}${ending}`
}

export function encodedVideoPath(owner: Owner, id: string, ending: string): string {
  return `encoded-video/${owner.id}/${spread(id)}/${id}${ending}`
}

/** Immich spreads files over two levels of folders by the first characters of their name. */
function spread(uuid: string): string {
  return `${uuid.slice(0, 2)}/${uuid.slice(2, 4)}`
}
