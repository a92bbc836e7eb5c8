/** Where a monitor calls. What is secret is written and never shown again. */
import { ActionIcon, Button, Checkbox, PasswordInput, TextInput } from '@mantine/core'
import { Plus, X } from 'lucide-react'
import type { MonitorRow, WebhookChange } from '@/api/types'
import type { Problems } from './draft'

export interface WebhookDraft {
  url: string
  /** Empty: as it is. */
  secret: string
  unsigned: boolean
  /** Null: as they are. */
  headers: { name: string; value: string }[] | null
}

export const webhookDraftOf = (row: MonitorRow | undefined): WebhookDraft => ({
  url: row?.webhook?.url ?? '',
  secret: '',
  unsigned: false,
  headers: row?.webhook ? null : [],
})

/** What to send: undefined leaves it as it is, null takes it away. */
export function webhookChangeOf(
  draft: WebhookDraft,
  before: MonitorRow['webhook'] | undefined,
): WebhookChange | null | undefined {
  const url = draft.url.trim()
  if (!url) return before ? null : undefined
  const secret = draft.unsigned ? '' : draft.secret || undefined
  const headers = draft.headers?.filter((header) => header.name.trim())
  if (before && url === before.url && secret === undefined && headers === undefined) return undefined
  return {
    url,
    ...(secret === undefined ? {} : { secret }),
    ...(headers === undefined || (!before && headers.length === 0)
      ? {}
      : { headers: Object.fromEntries(headers.map((h) => [h.name.trim(), h.value])) }),
  }
}

export function WebhookFields(props: {
  draft: WebhookDraft
  before: MonitorRow['webhook'] | undefined
  problems: Problems
  onChange: (draft: WebhookDraft) => void
}) {
  const { draft, before, problems } = props
  const change = (patch: Partial<WebhookDraft>) => props.onChange({ ...draft, ...patch })
  return (
    <>
      <TextInput
        label="Webhook"
        description="Gets a POST of JSON when it fires and when that is over; Slack and Mattermost show it as it is. Empty: it only shows here."
        placeholder="https://chat.example/hooks/…"
        value={draft.url}
        maxLength={2000}
        autoComplete="off"
        error={problems['webhook.url']}
        onChange={(event) => change({ url: event.currentTarget.value })}
      />
      {draft.url.trim() && (
        <>
          <PasswordInput
            size="xs"
            label="Secret"
            description="Signs each notification, so that the receiver can tell it from somebody else’s."
            placeholder={before?.signed ? 'as it is; write to replace it' : 'none'}
            value={draft.secret}
            disabled={draft.unsigned}
            autoComplete="new-password"
            error={problems['webhook.secret']}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the secret', tabIndex: 0 }}
            onChange={(event) => change({ secret: event.currentTarget.value })}
          />
          {before?.signed && (
            <Checkbox
              size="xs"
              label="No longer sign"
              checked={draft.unsigned}
              onChange={(event) => change({ unsigned: event.currentTarget.checked })}
            />
          )}
          <Headers draft={draft} before={before} error={problems['webhook.headers']} onChange={change} />
        </>
      )}
    </>
  )
}

function Headers(props: {
  draft: WebhookDraft
  before: MonitorRow['webhook'] | undefined
  error: string | undefined
  onChange: (patch: Partial<WebhookDraft>) => void
}) {
  const { headers } = props.draft
  const names = props.before?.headers ?? []
  if (headers === null) {
    return (
      <p className="mo-kept">
        <span className="quiet">
          {names.length
            ? `Sent with the headers ${names.join(', ')}, whose values are not shown.`
            : 'No further headers.'}
        </span>{' '}
        <Button onClick={() => props.onChange({ headers: [{ name: '', value: '' }] })}>
          {names.length ? 'Replace the headers' : 'Add a header'}
        </Button>
      </p>
    )
  }
  const set = (at: number, patch: Partial<{ name: string; value: string }>) =>
    props.onChange({ headers: headers.map((h, i) => (i === at ? { ...h, ...patch } : h)) })
  return (
    <div className="mo-headers">
      {headers.map((header, at) => (
        <div key={at} className="k-q-pair">
          <TextInput
            aria-label={`Name of header ${at + 1}`}
            placeholder="authorization"
            value={header.name}
            autoComplete="off"
            onChange={(event) => set(at, { name: event.currentTarget.value })}
          />
          <PasswordInput
            size="xs"
            aria-label={`Value of header ${at + 1}`}
            placeholder="its value"
            value={header.value}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': `Show the value of header ${at + 1}`, tabIndex: 0 }}
            onChange={(event) => set(at, { value: event.currentTarget.value })}
          />
          <ActionIcon
            className="mo-drop"
            aria-label={`Remove header ${at + 1}`}
            onClick={() => props.onChange({ headers: headers.filter((_, i) => i !== at) })}
          >
            <X size={13} />
          </ActionIcon>
        </div>
      ))}
      {props.error && (
        <p role="alert" className="mo-error">
          {props.error}
        </p>
      )}
      <Button
        leftSection={<Plus size={13} aria-hidden />}
        disabled={headers.length >= 20}
        onClick={() => props.onChange({ headers: [...headers, { name: '', value: '' }] })}
      >
        Add a header
      </Button>
      {names.length > 0 && (
        <Button onClick={() => props.onChange({ headers: null })}>Keep {names.join(', ')}</Button>
      )}
    </div>
  )
}
