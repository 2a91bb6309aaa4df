const nobody = 65_534

/** Does something without root's rights to read and write everything. */
export async function asNobody<T>(deed: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await deed()
  process.seteuid?.(nobody)
  try {
    return await deed()
  } finally {
    process.seteuid?.(0)
  }
}
