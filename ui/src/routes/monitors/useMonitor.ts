import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { changeMonitor, monitorQuery, type MonitorChange } from '@/api/monitorQueries'
import type { MonitorRow } from '@/api/types'

/** Changes one monitor, and what every page shows of it. */
export function useChange(row: MonitorRow) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ change }: { change: MonitorChange; said: string }) => changeMonitor(row.id, change),
    onSuccess: (changed, { said }) => {
      client.setQueryData(monitorQuery(row.id).queryKey, changed)
      void client.invalidateQueries({ queryKey: ['/monitors'] })
      notifications.show({ message: said })
    },
    onError: (error) => notifications.show({ message: error.message, color: 'red' }),
  })
}
