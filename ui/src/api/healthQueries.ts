/** What needs attention, how the server is, and the demo's faults. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { DemoFault, HealthReport, ServerReport } from './types'

export const healthQuery = (project: string) =>
  queryOptions({
    queryKey: ['/health', project],
    queryFn: ({ signal }) => api.get<HealthReport>('/health', { project }, signal),
  })

export const serverQuery = queryOptions({
  queryKey: ['/server'],
  queryFn: ({ signal }) => api.get<ServerReport>('/server', undefined, signal),
})

export const demoFaultsQuery = queryOptions({
  queryKey: ['/demo/faults'],
  queryFn: ({ signal }) => api.get<{ rows: DemoFault[] }>('/demo/faults', undefined, signal),
})

export const switchDemoFault = (name: string, on: boolean) =>
  api.put<{ rows: DemoFault[] }>(`/demo/faults/${encodeURIComponent(name)}`, { on })
