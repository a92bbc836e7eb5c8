/** Prices of one's own, the models there are, and pricing stored calls anew. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { ListedPrice, NewPrice, Price, PricedModels, RepriceReport } from './types'

export const pricesQuery = (project: string) =>
  queryOptions({
    queryKey: ['/prices', project],
    queryFn: ({ signal }) => api.get<{ rows: Price[] }>('/prices', { project }, signal),
  })

export const pricedModelsQuery = (project: string) =>
  queryOptions({
    queryKey: ['/prices', 'models', project],
    queryFn: ({ signal }) => api.get<PricedModels>('/prices/models', { project, from: 'now-30d' }, signal),
  })

export const listedPriceQuery = (model: string, provider: string) =>
  queryOptions({
    queryKey: ['/prices/listed', model, provider],
    queryFn: ({ signal }) => api.get<ListedPrice>('/prices/listed', { model, provider }, signal),
    enabled: model !== '' && !/[*?]/.test(model),
    staleTime: 3_600_000,
  })

export const putPrice = (project: string, price: NewPrice) => api.put<Price>('/prices', price, { project })
export const deletePrice = (id: string) => api.delete<void>(`/prices/${encodeURIComponent(id)}`)

/** All of the window, in as many requests as it takes; `progress` hears of each. */
export async function reprice(
  project: string,
  dryRun: boolean,
  progress: (soFar: RepriceReport) => void,
): Promise<RepriceReport> {
  const to = new Date().toISOString()
  let from: string | null = 'now-30d'
  let total: RepriceReport | undefined
  while (from !== null) {
    const part: RepriceReport = await api.post<RepriceReport>(
      '/prices/reprice',
      { from, to, dry_run: dryRun },
      undefined,
      { project },
    )
    total = total ? added(total, part) : part
    progress(total)
    from = part.next
  }
  return total!
}

const sum = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : a + b)

const added = (a: RepriceReport, b: RepriceReport): RepriceReport => ({
  ...b,
  calls: a.calls + b.calls,
  changed: a.changed + b.changed,
  unpriced_before: a.unpriced_before + b.unpriced_before,
  unpriced_after: a.unpriced_after + b.unpriced_after,
  before_usd: sum(a.before_usd, b.before_usd),
  after_usd: sum(a.after_usd, b.after_usd),
  days: a.days + b.days,
})
