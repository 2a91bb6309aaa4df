/** What a storage is asked for, as far as it is billed. */
export interface Requests {
  /** Creates: the one request of a small object, and the one that completes an upload in parts. */
  puts: number
  /** Parts of uploads in parts, and the requests that begin such. */
  parts: number
  gets: number
  lists: number
}

export const noRequests: Requests = { puts: 0, parts: 0, gets: 0, lists: 0 }

export function sumRequests(...all: readonly Requests[]): Requests {
  const total = (of: keyof Requests): number => all.reduce((so, requests) => so + requests[of], 0)
  return { puts: total('puts'), parts: total('parts'), gets: total('gets'), lists: total('lists') }
}

export function countRequests({ puts, parts, gets, lists }: Requests): number {
  return puts + parts + gets + lists
}
