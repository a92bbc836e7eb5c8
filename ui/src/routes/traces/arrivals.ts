/** How many spans a tail brings: one that runs comes again with every sign of life, and is one span. Pure. */
import type { SpanRow } from '@/api/types'

const MOST = 10_000

export class Arrivals {
  private open = new Set<string>()

  /** How many of these rows are spans that did not come before. */
  fresh(rows: readonly Pick<SpanRow, 'trace_id' | 'span_id' | 'state'>[]): number {
    let found = 0
    for (const row of rows) {
      const id = `${row.trace_id}${row.span_id}`
      const known = this.open.has(id)
      if (!known) found++
      if (row.state !== 'running') this.open.delete(id)
      else if (!known) this.open.add(id)
    }
    // Spans that never end must not fill the memory of a page that is open for days.
    if (this.open.size > MOST) this.open = new Set([...this.open].slice(-MOST / 2))
    return found
  }
}
