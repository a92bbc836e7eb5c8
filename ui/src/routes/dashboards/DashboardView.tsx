import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useEffect, useMemo, useState, type CSSProperties } from 'react'
import { ApiError } from '@/api/client'
import { changeDashboard, dashboardQuery } from '@/api/dashboardQueries'
import type { Dashboard, DashboardDocument, DashboardPanel } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { free, inOrder, moved, newId, sized } from '@/kit/grid'
import { Page } from '@/kit/Page'
import { Empty, Failure } from '@/kit/states'
import { useView } from '@/kit/view'
import { Header } from './Header'
import { Leaving } from '@/kit/Leaving'
import type { Where } from '@/kit/openIn'
import { PanelEditor } from './PanelEditor'
import { PanelFrame, type PanelActions } from './PanelFrame'
import { firstQuery } from '@/kit/QueryFields'
import { SettingsWindow } from './SettingsWindow'
import { useMake } from './use'
import { VariableBar } from './VariableBar'
import { chosenOf } from '@/kit/variables'

export function DashboardView({ dashboard }: { dashboard: Dashboard }) {
  const { scope, search, range, live, patch, setRange } = useView()
  const client = useQueryClient()
  const admin = useAdmin()
  const make = useMake()
  const [draft, setDraft] = useState<DashboardDocument>()
  const [panel, setPanel] = useState<DashboardPanel>()
  const [settings, setSettings] = useState(false)
  const mayEdit = admin && !dashboard.shipped
  const editing = mayEdit && search.edit === '1'
  const document = (editing && draft) || dashboard.document
  const panels = useMemo(() => document.panels ?? [], [document])
  const variables = document.variables ?? []
  const chosen = chosenOf(variables, search)
  const own = dashboard.document.time
  const where: Where = useMemo(
    () =>
      search.from || !own
        ? { project: scope.project, from: range.from, to: range.to }
        : { project: scope.project, from: own.from, to: own.to ?? 'now' },
    [scope.project, search.from, range.from, range.to, own],
  )
  useEffect(() => {
    // The time picker then says what the panels show.
    if (!search.from && own) patch({ from: own.from, to: own.to === 'now' ? undefined : own.to }, true)
  }, [search.from, own, patch])

  const change = (next: Partial<DashboardDocument>) => setDraft({ ...document, ...next })
  const stop = () => {
    setDraft(undefined)
    save.reset()
    patch({ edit: undefined }, true)
  }
  const save = useMutation({
    mutationFn: () => changeDashboard(scope.project, dashboard.id, dashboard.revision, document),
    onSuccess: (kept) => {
      client.setQueryData(dashboardQuery(scope.project, dashboard.id).queryKey, kept)
      void client.invalidateQueries({ queryKey: ['/dashboards', scope.project], exact: true })
      notifications.show({ message: 'Dashboard saved' })
      stop()
    },
  })
  const late = save.error instanceof ApiError && save.error.code === 'dashboard_changed'
  const brush = (from: number, to: number) =>
    setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
  const add = () =>
    setPanel({
      id: newId(panels),
      title: '',
      query: firstQuery('metric'),
      chart: 'line',
      ...free(panels, 6, 8),
    })
  const actionsOf = (one: DashboardPanel): PanelActions => ({
    edit: () => setPanel(one),
    copy: () => {
      const copy = { ...one, id: newId(panels), title: `${one.title}, copy`.slice(0, 200) }
      change({ panels: [...panels, { ...copy, ...free(panels, one.w, one.h) }] })
    },
    remove: () => change({ panels: panels.filter((p) => p.id !== one.id) }),
    move: (step) => change({ panels: moved(panels, one.id, step) }),
    size: (columns, rows) => change({ panels: sized(panels, one.id, columns, rows) }),
  })
  const fresh = panel !== undefined && !panels.some((p) => p.id === panel.id)

  return (
    <Page
      title={document.title}
      heading={
        <Header
          dashboard={dashboard}
          document={document}
          editing={editing}
          changed={draft !== undefined}
          saving={save.isPending}
          onEdit={mayEdit ? () => patch({ edit: '1' }, true) : undefined}
          onAdd={add}
          onSettings={() => setSettings(true)}
          onSave={() => save.mutate()}
          onCancel={stop}
        />
      }
    >
      <VariableBar variables={variables} chosen={chosen} where={where} patch={patch} />
      <div className="k-scroll d-scroll">
        {save.isError && (
          <Failure error={save.error} {...(late ? {} : { retry: () => save.mutate() })}>
            {late && (
              <>
                <Button onClick={() => make.mutate({ ...document, title: `${document.title}, mine` })}>
                  Keep mine as a new dashboard
                </Button>
                <Button
                  onClick={() => {
                    stop()
                    void client.invalidateQueries({ queryKey: ['/dashboards', scope.project] })
                  }}
                >
                  Drop mine and load the other
                </Button>
              </>
            )}
          </Failure>
        )}
        {panels.length === 0 ? (
          <Empty
            title="No panels yet"
            actions={
              mayEdit && (
                <Button
                  variant="filled"
                  leftSection={<Plus size={13} aria-hidden />}
                  onClick={() => {
                    patch({ edit: '1' }, true)
                    add()
                  }}
                >
                  Add a panel
                </Button>
              )
            }
          >
            <p>
              A panel asks for a metric, spans, logs or SQL. “Pin” on any chart of the explorers adds one too.
            </p>
          </Empty>
        ) : (
          <div className="d-grid">
            {inOrder(panels).map((one) => (
              <div
                key={one.id}
                className="d-cell"
                style={{ '--x': one.x + 1, '--y': one.y + 1, '--w': one.w, '--h': one.h } as CSSProperties}
              >
                <PanelFrame
                  panel={one}
                  where={where}
                  chosen={chosen}
                  live={live}
                  onBrush={brush}
                  actions={editing ? actionsOf(one) : undefined}
                  onEdit={
                    mayEdit
                      ? () => {
                          patch({ edit: '1' }, true)
                          setPanel(one)
                        }
                      : undefined
                  }
                />
              </div>
            ))}
          </div>
        )}
      </div>
      {panel && (
        <PanelEditor
          panel={panel}
          fresh={fresh}
          where={where}
          chosen={chosen}
          onClose={() => setPanel(undefined)}
          onDone={(done) => {
            change({ panels: fresh ? [...panels, done] : panels.map((p) => (p.id === done.id ? done : p)) })
            setPanel(undefined)
          }}
        />
      )}
      {settings && (
        <SettingsWindow
          document={document}
          onClose={() => setSettings(false)}
          onDone={(done) => {
            setDraft(done)
            setSettings(false)
          }}
        />
      )}
      <Leaving what="dashboard" when={editing && draft !== undefined && !save.isPending && !make.isPending} />
    </Page>
  )
}
