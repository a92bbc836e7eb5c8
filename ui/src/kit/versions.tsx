/** What has versions: the list of them, the chosen one, and the one that it is held against. The address says which. */
import { Button, Select, UnstyledButton } from '@mantine/core'
import { Trash2 } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { counted } from './format'
import { Isolated } from './Isolated'
import { RelativeTime } from './values'
import { useView } from './view'
import './versions.css'

interface Version {
  version: number
  message: string
  created_at: string
  created_by: string
}

/** More than anybody scrolls through; an address opens any. */
const LISTED = 500

export function useVersions<V extends Version>(versions: readonly V[]) {
  const { search, patch } = useView()
  const shown = versions.find((v) => String(v.version) === search.version) ?? versions[0]!
  const against = versions.find((v) => String(v.version) === search.against && v !== shown)
  const choose = (version: V, other?: string) =>
    patch({ version: String(version.version), against: other, item: undefined })
  return { shown, against, choose }
}

export function VersionList<V extends Version>(p: {
  versions: readonly V[]
  shown: V
  onChoose: (version: V) => void
  /** Beside the number. */
  beside: (version: V) => ReactNode
  said?: (version: V) => ReactNode
}) {
  return (
    <ul className="vs-list" aria-label="Versions">
      {p.versions.slice(0, LISTED).map((version) => (
        <li key={version.version}>
          <UnstyledButton aria-current={version === p.shown} onClick={() => p.onChoose(version)}>
            <span className="row">
              <b>Version {version.version}</b> {p.beside(version)}
            </span>
            {p.said?.(version)}
            {version.message && (
              <p className="cut" title={version.message}>
                <Isolated text={version.message} />
              </p>
            )}
            <p className="quiet cut">
              <RelativeTime iso={version.created_at} /> by <Isolated text={version.created_by} />
            </p>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  )
}

/** The chosen version, what to hold it against, and what else can be done with it. */
export function VersionBar<V extends Version>(p: {
  versions: readonly V[]
  shown: V
  against: V | undefined
  onCompare: (other: string | undefined) => void
  children?: ReactNode
}) {
  const others = p.versions
    .filter((v) => v !== p.shown)
    .slice(0, LISTED)
    .map((v) => ({ value: String(v.version), label: `Version ${v.version}` }))
  return (
    <div className="vs-actions">
      <b>Version {p.shown.version}</b>
      {others.length > 0 && (
        <Select
          aria-label="Compare with"
          placeholder="Compare with…"
          clearable
          w={160}
          value={p.against ? String(p.against.version) : null}
          data={others}
          onChange={(value) => p.onCompare(value ?? undefined)}
        />
      )}
      {p.children}
    </div>
  )
}

/** Asks once more before all versions are gone. */
export function DeleteVersions(p: { count: number; pending: boolean; onDelete: () => void }) {
  const [asking, setAsking] = useState(false)
  if (!asking)
    return (
      <Button
        variant="default"
        leftSection={<Trash2 size={13} aria-hidden />}
        onClick={() => setAsking(true)}
      >
        Delete
      </Button>
    )
  return (
    <>
      <Button className="k-danger" variant="default" loading={p.pending} onClick={p.onDelete}>
        Delete all {counted(p.count, 'version')}
      </Button>
      <Button variant="default" onClick={() => setAsking(false)}>
        Keep
      </Button>
    </>
  )
}
