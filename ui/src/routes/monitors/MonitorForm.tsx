/** A monitor as it is written: what it watches, when it calls and whom; beside it the past day by the same rules. */
import { Button, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiError } from '@/api/client'
import { changeMonitor, createMonitor, draftPastQuery, monitorQuery } from '@/api/monitorQueries'
import type { MonitorDefinition, MonitorRow, SavedQuery } from '@/api/types'
import { Leaving } from '@/kit/Leaving'
import { firstQuery, QUERY_KINDS, QueryFields } from '@/kit/QueryFields'
import { travelling, useView } from '@/kit/view'
import { ConditionFields } from './ConditionFields'
import {
  besideField,
  definitionOf,
  draftOf,
  fieldOf,
  previewable,
  problemsOf,
  type Draft,
  type Problems,
} from './draft'
import { DraftPreview } from './DraftPreview'
import { WebhookFields, webhookChangeOf, webhookDraftOf } from './WebhookFields'

const PAST = { from: 'now-24h', to: 'now' }

export function MonitorForm(props: { name: string; definition: MonitorDefinition; row?: MonitorRow }) {
  const { row } = props
  const { scope, search } = useView()
  const project = row?.project ?? scope.project
  const client = useQueryClient()
  const navigate = useNavigate()
  const [first] = useState(() => draftOf(props.name, props.definition))
  const [draft, setDraft] = useState(first)
  const [hook, setHook] = useState(() => webhookDraftOf(row))
  // What was asked of another kind comes back when the reader does.
  const [kept, setKept] = useState<Partial<Record<SavedQuery['kind'], SavedQuery>>>({})
  // Nobody is told off for a form that was only just opened.
  const [tried, setTried] = useState(false)

  const own = problemsOf(draft)
  const ready = previewable(own)
  const [asked] = useDebouncedValue(ready ? definitionOf(draft) : null, 500)
  const preview = useQuery(draftPastQuery(project, asked))
  const webhook = webhookChangeOf(hook, row?.webhook)
  const changed = webhook !== undefined || JSON.stringify(draft) !== JSON.stringify(first)

  const save = useMutation({
    mutationFn: () => {
      const name = draft.name.trim()
      const definition = definitionOf(draft)
      if (row) {
        return changeMonitor(row.id, { name, definition, ...(webhook === undefined ? {} : { webhook }) })
      }
      return createMonitor({ ...definition, name, project, ...(webhook ? { webhook } : {}) })
    },
    onSuccess: (made) => {
      client.setQueryData(monitorQuery(made.id).queryKey, made)
      void client.invalidateQueries({ queryKey: ['/monitors'] })
      notifications.show({ message: row ? `Monitor “${made.name}” saved` : `Monitor “${made.name}” made` })
      void navigate({
        to: '/monitors/$id',
        params: { id: made.id },
        search: { ...travelling(search), project: made.project, q: undefined } as never,
        ignoreBlocker: true,
      })
    },
  })
  const problems = shown(own, tried, preview.error, save.error)
  const change = (patch: Partial<Draft>) => {
    save.reset()
    setDraft((old) => ({ ...old, ...patch }))
  }
  const general = save.error && !placed(save.error, true) ? save.error : null
  return (
    <form
      className="k-scroll mo-form"
      aria-label={row ? 'Edit the monitor' : 'New monitor'}
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (!Object.keys(own).length) save.mutate()
      }}
    >
      <div className="mo-fields">
        <TextInput
          label="Name"
          placeholder="checkout is slow"
          value={draft.name}
          maxLength={200}
          data-autofocus
          autoComplete="off"
          error={problems.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <fieldset>
          <legend>Watches</legend>
          <SegmentedControl
            aria-label="Asks"
            value={draft.query.kind}
            data={QUERY_KINDS}
            onChange={(value) => {
              const kind = value as SavedQuery['kind']
              setKept({ ...kept, [draft.query.kind]: draft.query })
              change({ query: kept[kind] ?? firstQuery(kind) })
            }}
          />
          <QueryFields
            query={draft.query}
            where={{ project, ...PAST }}
            onChange={(query) => change({ query })}
          />
          {problems.query && (
            <p role="alert" className="mo-error">
              {problems.query}
            </p>
          )}
        </fieldset>
        <fieldset>
          <legend>Calls</legend>
          <ConditionFields
            draft={draft}
            unit={preview.data?.preview.unit}
            problems={problems}
            onChange={change}
          />
        </fieldset>
        <fieldset>
          <legend>Tells</legend>
          <WebhookFields
            draft={hook}
            before={row?.webhook}
            problems={problems}
            onChange={(next) => {
              save.reset()
              setHook(next)
            }}
          />
          <Textarea
            size="xs"
            label="Description"
            description="For whoever is called: what it means."
            autosize
            minRows={2}
            maxRows={6}
            maxLength={2000}
            value={draft.description}
            error={problems.description}
            onChange={(event) => change({ description: event.currentTarget.value })}
          />
          <TextInput
            label="Runbook"
            description="What to do, or the address where that is written."
            maxLength={2000}
            value={draft.runbook}
            error={problems.runbook}
            onChange={(event) => change({ runbook: event.currentTarget.value })}
          />
        </fieldset>
        {general && (
          <p role="alert" className="mo-error">
            {general.message} {general instanceof ApiError && general.hint}
          </p>
        )}
        <div className="k-window-actions mo-save">
          <Button
            component={Link}
            to={row ? `/monitors/${row.id}` : '/monitors'}
            search={travelling(search) as never}
          >
            Cancel
          </Button>
          <Button type="submit" variant="filled" loading={save.isPending}>
            {row ? 'Save' : 'Make the monitor'}
          </Button>
        </div>
      </div>
      <div className="mo-preview" role="region" aria-label="Preview">
        <DraftPreview
          draft={draft}
          limit={own['condition.limit'] ? null : (asked?.condition?.limit ?? null)}
          ready={ready}
          query={preview}
          placed={placed(preview.error, false) !== null}
          onLimit={(limit) => change({ limit })}
        />
      </div>
      <Leaving what="monitor" when={changed && !save.isPending && !save.isSuccess} />
    </form>
  )
}

function placed(error: Error | null, saving: boolean): Problems | null {
  if (!(error instanceof ApiError)) return null
  const field = fieldOf(error.field, saving)
  if (!field) return null
  return { [field]: [besideField(error.message), error.hint].filter(Boolean).join(' ') }
}

/** Own problems once somebody tried to save; those of the server as soon as it says them. */
function shown(own: Problems, tried: boolean, preview: Error | null, save: Error | null): Problems {
  // A text that is no number or length is wrong at once; what is only missing is not.
  const early = Object.fromEntries(
    Object.entries(own).filter(([field]) => /_s$|recovery|no_data/.test(field)),
  )
  return { ...placed(preview, false), ...(tried ? own : early), ...placed(save, true) }
}
