import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Scope } from './queries'
import type { ServiceDetail, ServiceMap, ServicePage } from './types'

export const servicesQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/services', scope],
    queryFn: ({ signal }) => api.get<ServicePage>('/services', { ...scope }, signal),
    placeholderData: keepPreviousData,
  })

export const serviceMapQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/services/map', scope],
    queryFn: ({ signal }) => api.get<ServiceMap>('/services/map', { ...scope }, signal),
    placeholderData: keepPreviousData,
  })

export const serviceQuery = (scope: Scope, service: string) =>
  queryOptions({
    queryKey: ['/services/detail', scope, service],
    queryFn: ({ signal }) => api.get<ServiceDetail>('/services/detail', { ...scope, service }, signal),
    placeholderData: keepPreviousData,
  })
