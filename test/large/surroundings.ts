import type { Place, PlaceType } from '../../bench/places.ts'
import type { S3Server } from '../support/ceph.ts'
import type { Report } from './report.ts'

export interface Surroundings {
  /** Where everything goes. */
  folder: string
  server: S3Server | undefined
  report: Report
}

export function placeName(place: Place | PlaceType): string {
  return (typeof place === 'string' ? place : place.type) === 's3' ? 'S3' : 'local'
}
