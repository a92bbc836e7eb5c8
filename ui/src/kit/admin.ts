import { useQuery } from '@tanstack/react-query'
import { infoQuery } from '@/api/queries'

/** Whether the reader may change what others see. */
export function useAdmin(): boolean {
  const info = useQuery(infoQuery)
  return info.data?.identity?.scopes.includes('admin') ?? false
}

/** Whether the reader may say something: evaluate, correct, save to a dataset. */
export function useMaySay(): boolean {
  const info = useQuery(infoQuery)
  const scopes = info.data?.identity?.scopes ?? []
  return scopes.includes('admin') || scopes.includes('ingest')
}
