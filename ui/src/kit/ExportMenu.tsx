/** What the page's filter and time select, whole rows of it, as a file. */
import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { Download } from 'lucide-react'
import { ApiError, request } from '@/api/client'
import type { Scope } from '@/api/queries'
import { downloadBlob } from './download'
import { bytes, count } from './format'

export type ExportKind =
  | 'spans'
  | 'traces'
  | 'logs'
  | 'metrics'
  | 'errors'
  | 'ingest'
  | 'changes'
  | 'alerts'
  | 'evaluations'
  | 'predictions'
  | 'labels'
  | 'findings'
const FORMATS = [
  { value: 'parquet', label: 'Parquet', about: 'all columns with their types' },
  { value: 'csv', label: 'CSV', about: 'for spreadsheets' },
  { value: 'ndjson', label: 'Lines of JSON', about: 'an object a row' },
] as const

interface Props {
  what: ExportKind
  scope: Scope
  disabled?: boolean
  /** An icon alone. */
  small?: boolean
  /** What the file will hold; else that it is what the filter and time select. */
  about?: string
  /** Rows that the page has already, saved without asking again. */
  shown?: { label: string; save: () => void }
}

export function ExportMenu({ what, scope, disabled, small, about, shown }: Props) {
  return (
    <Menu position="bottom-end" width={250}>
      <Tooltip label={`Save these ${what} as a file`}>
        <span>
          <Menu.Target>
            {small ? (
              <ActionIcon size={20} aria-label={`Export ${what}`} disabled={disabled ?? false}>
                <Download size={12} />
              </ActionIcon>
            ) : (
              <Button
                leftSection={<Download size={13} aria-hidden />}
                aria-label={`Export ${what}`}
                disabled={disabled ?? false}
              >
                Export
              </Button>
            )}
          </Menu.Target>
        </span>
      </Tooltip>
      <Menu.Dropdown>
        <Menu.Label>{about ?? `All ${what} of this filter and time`}</Menu.Label>
        {FORMATS.map((format) => (
          <Menu.Item
            key={format.value}
            rightSection={<span className="unit">{format.about}</span>}
            onClick={() => void save(what, scope, format.value)}
          >
            {format.label}
          </Menu.Item>
        ))}
        {shown && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={shown.save}>{shown.label}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Says that it is under way; closing that stops it. */
async function save(what: ExportKind, scope: Scope, format: string): Promise<void> {
  const stop = new AbortController()
  const id = notifications.show({
    loading: true,
    autoClose: false,
    title: `Exporting ${what}`,
    message: 'Close this to stop.',
    closeButtonProps: { 'aria-label': 'Stop the export' },
    onClose: () => stop.abort(),
  })
  const said = { id, loading: false, autoClose: 8000, closeButtonProps: { 'aria-label': 'Close' } }
  try {
    const response = await request('GET', `/export/${what}`, {
      query: { ...scope, format },
      signal: stop.signal,
    })
    const matching = Number(response.headers.get('x-tapetum-matching'))
    const cut = response.headers.get('x-tapetum-truncated') === 'true'
    const blob = await response.blob()
    downloadBlob(`${scope.project}-${what}.${format}`, blob)
    notifications.update({
      ...said,
      color: cut ? 'yellow' : undefined,
      title: cut ? 'Exported in part' : 'Exported',
      message: cut
        ? `Only the newest million of ${count(matching)} ${what} are in the file. For all: tapetum export ${what}`
        : `${count(matching)} ${what}, ${bytes(blob.size)}`,
    } as Parameters<typeof notifications.update>[0])
  } catch (error) {
    if (stop.signal.aborted) return
    const hint = error instanceof ApiError && error.hint ? ` ${error.hint}` : ''
    notifications.update({
      ...said,
      color: 'red',
      title: 'No file',
      message: `${(error as Error).message}${hint}`,
    })
  }
}
