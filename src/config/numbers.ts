/** Fields that are numbers: their bounds, what they are by default, and the variable that may say them instead of the file. */
export const numbers = {
  /** In seconds. */
  statsInterval: { variable: 'BACKUP_STATS_INTERVAL', usual: 60, least: 1, most: 3600 },
  maxRetries: { variable: 'BACKUP_MAX_RETRIES', usual: 3, least: 0, most: 10 },
} as const
