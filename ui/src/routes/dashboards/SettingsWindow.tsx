import { ActionIcon, Button, Checkbox, Modal, Select, TagsInput, Textarea, TextInput } from '@mantine/core'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { DashboardDocument, DashboardVariable } from '@/api/types'
import { PRESETS } from '@/kit/time'

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/
const RESERVED = ['from', 'to', 'step_s', 'project']
const KINDS = [
  { value: 'values', label: 'values of a key' },
  { value: 'list', label: 'these values' },
  { value: 'text', label: 'typed text' },
]
const SIGNALS = [
  { value: 'spans', label: 'spans' },
  { value: 'logs', label: 'log records' },
  { value: 'metrics', label: 'metrics' },
  { value: 'errors', label: 'errors' },
  { value: 'predictions', label: 'predictions' },
  { value: 'findings', label: 'findings' },
]

function problemOf(variable: DashboardVariable, all: DashboardVariable[]): string | undefined {
  if (!NAME.test(variable.name)) return 'Letters, digits and _, not starting with a digit'
  if (RESERVED.includes(variable.name)) return 'This name is the page’s own'
  if (all.filter((v) => v.name === variable.name).length > 1) return 'This name is there twice'
  if (variable.kind === 'values' && !variable.key) return 'Name the key'
  if (variable.kind === 'list' && !variable.values.length) return 'Give at least one value'
  return undefined
}

/** What a dashboard is called, when it starts, and which variables its panels share. */
export function SettingsWindow(props: {
  document: DashboardDocument
  onDone: (document: DashboardDocument) => void
  onClose: () => void
}) {
  const [draft, setDraft] = useState(props.document)
  const variables = draft.variables ?? []
  const valid = draft.title.trim() !== '' && variables.every((v) => !problemOf(v, variables))
  const change = (patch: Partial<DashboardDocument>) => setDraft((old) => ({ ...old, ...patch }))
  const set = (at: number, next: DashboardVariable) => change({ variables: variables.with(at, next) })
  const range = draft.time?.from ?? ''
  return (
    <Modal
      opened
      onClose={props.onClose}
      size="min(760px, 96vw)"
      title="Dashboard"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        className="d-settings"
        onSubmit={(event) => {
          event.preventDefault()
          if (valid) props.onDone(draft)
        }}
      >
        <TextInput
          label="Title"
          value={draft.title}
          maxLength={200}
          data-autofocus
          onChange={(event) => change({ title: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          size="xs"
          autosize
          minRows={1}
          maxRows={5}
          maxLength={2000}
          value={draft.description ?? ''}
          onChange={(event) => change({ description: event.currentTarget.value })}
        />
        <Select
          label="Opens with"
          description="Where its address names no time"
          placeholder="the time that the reader has"
          clearable
          clearButtonProps={{ 'aria-label': 'No time of its own' }}
          data={[
            ...PRESETS.map(({ from, label }) => ({ value: from, label })),
            ...(range && !PRESETS.some((p) => p.from === range) ? [{ value: range, label: range }] : []),
          ]}
          value={range || null}
          onChange={(from) => change({ time: from ? { from, to: 'now' } : null })}
        />
        <fieldset>
          <legend>Variables</legend>
          <p className="quiet">
            A filter uses one as <code>service:$name</code>, SQL as <code>{'{name:String}'}</code>.
          </p>
          {variables.map((variable, at) => (
            <VariableFields
              key={at}
              variable={variable}
              problem={problemOf(variable, variables)}
              onChange={(next) => set(at, next)}
              onRemove={() => change({ variables: variables.toSpliced(at, 1) })}
            />
          ))}
          <Button
            leftSection={<Plus size={13} aria-hidden />}
            disabled={variables.length >= 20}
            onClick={() =>
              change({
                variables: [
                  ...variables,
                  {
                    kind: 'values',
                    name: variables.length ? '' : 'service',
                    signal: 'spans',
                    key: 'service',
                    multi: true,
                  },
                ],
              })
            }
          >
            Add a variable
          </Button>
        </fieldset>
        <div className="d-actions">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!valid}>
            Use
          </Button>
        </div>
      </form>
    </Modal>
  )
}

function VariableFields(props: {
  variable: DashboardVariable
  problem: string | undefined
  onChange: (variable: DashboardVariable) => void
  onRemove: () => void
}) {
  const { variable, onChange } = props
  const { name, label, multi } = variable
  const shared = { name, ...(label ? { label } : {}), multi: multi ?? false, default: variable.default ?? [] }
  const shown = name || 'new variable'
  return (
    <div className="d-variable-fields">
      <TextInput
        aria-label={`Name of ${shown}`}
        placeholder="name"
        value={name}
        error={props.problem}
        onChange={(event) => onChange({ ...variable, name: event.currentTarget.value.trim() })}
      />
      <Select
        aria-label={`Kind of ${shown}`}
        data={KINDS}
        value={variable.kind}
        allowDeselect={false}
        onChange={(kind) => {
          if (kind === 'text')
            onChange({ ...shared, kind, multi: false, default: shared.default.slice(0, 1) })
          if (kind === 'list') onChange({ ...shared, kind, values: [] })
          if (kind === 'values') onChange({ ...shared, kind, signal: 'spans', key: 'service' })
        }}
      />
      {variable.kind === 'values' && (
        <>
          <TextInput
            aria-label={`Key of ${shown}`}
            placeholder="service, host.name, an attribute"
            value={variable.key}
            onChange={(event) => onChange({ ...variable, key: event.currentTarget.value.trim() })}
          />
          <Select
            aria-label={`Records of ${shown}`}
            data={SIGNALS}
            value={variable.signal}
            allowDeselect={false}
            onChange={(signal) =>
              signal && onChange({ ...variable, signal: signal as typeof variable.signal })
            }
          />
        </>
      )}
      {variable.kind === 'list' && (
        <TagsInput
          aria-label={`Values of ${shown}`}
          placeholder="values"
          value={variable.values}
          onChange={(values) => onChange({ ...variable, values })}
        />
      )}
      <TagsInput
        aria-label={`Default of ${shown}`}
        placeholder={variable.default?.length ? '' : 'at first: every value'}
        maxTags={variable.multi ? 50 : 1}
        value={variable.default ?? []}
        onChange={(values) => onChange({ ...variable, default: values })}
      />
      {variable.kind !== 'text' && (
        <Checkbox
          size="xs"
          label="several at once"
          checked={variable.multi ?? false}
          onChange={(event) =>
            onChange({
              ...variable,
              multi: event.currentTarget.checked,
              default: event.currentTarget.checked
                ? (variable.default ?? [])
                : (variable.default ?? []).slice(0, 1),
            })
          }
        />
      )}
      <ActionIcon aria-label={`Remove ${shown}`} onClick={props.onRemove}>
        <Trash2 size={13} />
      </ActionIcon>
    </div>
  )
}
