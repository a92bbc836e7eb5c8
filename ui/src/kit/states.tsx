/** Loading, empty, error and "not enough data" are four designs. */
import { Button } from '@mantine/core'
import { AlertTriangle, CircleSlash, Inbox } from 'lucide-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError } from '@/api/client'
import { CopyButton } from './Copy'

export function SkeletonRows({ rows = 12, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div className="k-skeleton" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        <i key={i} style={{ width: `${90 - ((i * 37) % 50)}%` }} />
      ))}
    </div>
  )
}

export function Empty(props: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="k-state">
      <h2>
        <Inbox size={16} aria-hidden /> {props.title}
      </h2>
      {props.children}
      {props.actions && <div className="k-actions">{props.actions}</div>}
    </div>
  )
}

type Asked = Pick<UseQueryResult, 'isPending' | 'isError' | 'data' | 'error' | 'refetch'>

/** What stands where an answer is to come: rows for one that is waited for, or why there is none. Null once there is one;
 * it stays while a later one fails. */
export function unanswered(query: Asked, rows: number, label: string): ReactNode {
  if (query.isPending) return <SkeletonRows rows={rows} label={label} />
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  return null
}

/** Not the same as empty: something is there, too little to say anything. */
export function NotEnoughData({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="k-state thin k-hatched">
      <h2>
        <CircleSlash size={16} aria-hidden /> {title}
      </h2>
      {children}
    </div>
  )
}

/** The nearest way on in a page, where the server's hint is one for programs. */
const ON_A_PAGE: Record<string, string> = {
  project_not_found:
    'Choose another project at the top of the page. A project comes to be with the first record that is sent to it.',
}

/** What was tried, what came back, and the nearest way on. */
export function Failure({
  error,
  aside,
  retry,
  children,
}: {
  error: unknown
  /** Beside a list that asks with the same filter: what is wrong with that is said there, once. */
  aside?: boolean
  retry?: () => void
  children?: ReactNode
}) {
  const api = error instanceof ApiError ? error : null
  const message = error instanceof Error ? error.message : String(error)
  const hint = api && (ON_A_PAGE[api.code] ?? api.hint)
  if (aside && api?.field === 'q') return <p className="quiet k-aside">Nothing: the filter has an error.</p>
  return (
    <div className="k-state error" role="alert">
      <h2>
        <AlertTriangle size={16} aria-hidden /> {message}
      </h2>
      {hint && <p>{hint}</p>}
      {api && (
        <p className="mono">
          {api.request} → {api.status || 'no answer'} {api.code}
          {api.field ? ` (${api.field})` : ''}
        </p>
      )}
      {api?.status === 0 && <p>Is the server running? Try `tapetum doctor` on its machine.</p>}
      <div className="k-actions">
        {retry && (
          <Button onClick={retry} variant="default">
            Try again
          </Button>
        )}
        {children}
      </div>
    </div>
  )
}

export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div className="k-snippet">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} label={`Copy ${label}`} />
    </div>
  )
}
