import { useQuery } from '@tanstack/react-query'
import { infoQuery } from '@/api/queries'

/** Whether the reader may change what others see. */
export function useAdmin(): boolean {
  const info = useQuery(infoQuery)
  return info.data?.identity?.scopes.includes('admin') ?? false
}
