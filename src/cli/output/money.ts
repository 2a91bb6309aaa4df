/** `$0.02`, `$1,234.56`; `<$0.01` for less than half a cent, and `$0` for nothing. */
export function formatDollars(dollars: number): string {
  if (dollars === 0) return '$0'
  if (dollars < 0.005) return '<$0.01'
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}
