import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { createDashboard } from '@/api/dashboardQueries'
import type { DashboardDocument } from '@/api/types'
import { travelling, useView } from '@/kit/view'

/** Makes a dashboard of a document or of a file's text, and goes there. */
export function useMake(edit = false) {
  const { scope, search } = useView()
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: (document: DashboardDocument | string) => createDashboard(scope.project, document),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['/dashboards', scope.project], exact: true })
      notifications.show({ message: `Dashboard “${made.title}” made` })
      void navigate({
        to: '/dashboards/$id',
        params: { id: made.id },
        search: { ...travelling(search), q: undefined, ...(edit ? { edit: '1' } : {}) } as never,
        ignoreBlocker: true,
      })
    },
  })
}
