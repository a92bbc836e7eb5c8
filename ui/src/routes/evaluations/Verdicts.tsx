/** What is said of a session, of a trace or of one of its spans, and a place to say something: a thumb, a comment, a correction. */
import { ActionIcon, Button, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient, type UseQueryOptions } from '@tanstack/react-query'
import { MessageSquare, ThumbsDown, ThumbsUp } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import {
  CORRECTION,
  say,
  scoresQuery,
  sessionEvaluationsQuery,
  traceEvaluationsQuery,
  type Said,
} from '@/api/evaluationQueries'
import { infoQuery } from '@/api/queries'
import type { EvaluationRow, EvaluationsOfOne, ScoreDefinition } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { Isolated } from '@/kit/Isolated'
import { Failure } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { Score } from './parts'
import { number } from './meaning'
import './evaluations.css'

const NAME = 'feedback'

type About =
  | { traceId: string; spanId?: string; sessionId?: undefined }
  | { sessionId: string; traceId?: undefined; spanId?: undefined }

export function Verdicts({
  project,
  children,
  ...about
}: {
  project: string
  /** What else can be done with it, beside the thumbs. */
  children?: ReactNode
} & About) {
  const { traceId, spanId, sessionId } = about
  const found = useQuery<EvaluationsOfOne>(
    sessionId === undefined
      ? (traceEvaluationsQuery(project, traceId) as UseQueryOptions<EvaluationsOfOne>)
      : (sessionEvaluationsQuery(project, sessionId) as UseQueryOptions<EvaluationsOfOne>),
  )
  const info = useQuery(infoQuery)
  const definitions = useQuery(scoresQuery(project))
  // What is said of a session's traces stands beside them.
  const rows = (found.data?.rows ?? []).filter((row) =>
    sessionId !== undefined ? !row.trace_id : spanId ? row.span_id === spanId : true,
  )
  const target = sessionId !== undefined ? 'session' : spanId ? 'span' : 'trace'
  const maySay = useMaySay()
  const mine = rows.find(
    (row) =>
      row.name === NAME &&
      row.source === 'human' &&
      row.evaluator === info.data?.identity?.name &&
      row.target_type === target,
  )
  return (
    <section className="ev-said" aria-label={`Evaluations of this ${target}`}>
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {maySay && found.isSuccess && (
        // Anew when my own word changed, so that the form shows it.
        <Say key={mine?.updated_at ?? ''} {...{ project, traceId, spanId, sessionId, mine }}>
          {children}
        </Say>
      )}
      {rows.length > 0 && (
        <ul>
          {rows.map((row) => (
            <Verdict
              key={row.evaluation_id}
              row={row}
              definition={definitions.data?.rows.find((one) => one.name === row.name) ?? null}
              apart={!!spanId}
            />
          ))}
        </ul>
      )}
    </section>
  )
}

function Verdict(p: {
  row: EvaluationRow
  definition: ScoreDefinition | null
  /** Corrections stand in a place of their own. */
  apart: boolean
}) {
  const { row, definition, apart } = p
  const limit = row.threshold ?? definition?.threshold
  const lower = definition?.direction === 'lower'
  return (
    <li>
      <b>
        <Isolated text={row.name} />
      </b>
      {(row.score != null || row.problem) && (
        <span>
          <Score row={row} definition={definition} />
          {row.score != null &&
            limit != null &&
            ` ${row.score < limit ? 'below' : row.score > limit && lower ? 'above' : 'reaches'} ${number(limit)}`}
        </span>
      )}
      {row.label && <Isolated text={row.label} />}
      {row.problem && <span className="quiet">{row.problem}</span>}
      <span className="quiet">
        {row.source} <Isolated text={row.evaluator} /> <RelativeTime iso={row.updated_at} />
      </span>
      {[row.comment, row.explanation].map(
        (text, i) =>
          text && (
            <p key={i}>
              <Isolated text={text} />
            </p>
          ),
      )}
      {row.expected_output &&
        (apart && row.name === CORRECTION ? (
          <span className="quiet">see the output</span>
        ) : (
          <p>
            <span className="quiet">Expected: </span>
            <Isolated text={row.expected_output} />
          </p>
        ))}
    </li>
  )
}

interface Form {
  project: string
  traceId: string | undefined
  spanId: string | undefined
  sessionId: string | undefined
  mine: EvaluationRow | undefined
  children: ReactNode
}

function Say({ project, traceId, spanId, sessionId, mine, children }: Form) {
  const [open, setOpen] = useState(false)
  const [comment, setComment] = useState(mine?.comment ?? '')
  const [expected, setExpected] = useState(mine?.expected_output ?? '')
  const client = useQueryClient()
  const saying = useMutation({
    mutationFn: (said: Partial<Said>) =>
      say(project, {
        name: NAME,
        ...(sessionId !== undefined ? { session_id: sessionId } : {}),
        ...(traceId ? { trace_id: traceId } : {}),
        ...(spanId ? { span_id: spanId } : {}),
        ...said,
      }),
    onSuccess: () =>
      client.invalidateQueries({
        queryKey:
          sessionId !== undefined
            ? ['/evaluations/session', project, sessionId]
            : ['/evaluations/trace', project, traceId],
      }),
  })
  const send = (label: string) => {
    const said = {
      ...(label ? { label, score: label === 'up' ? 1 : 0 } : {}),
      ...(comment.trim() ? { comment: comment.trim() } : {}),
      ...(expected ? { expected_output: expected } : {}),
    }
    saying.mutate(Object.keys(said).length > 0 ? said : { withdrawn: true })
  }
  const thumb = (label: 'up' | 'down') => (
    <ActionIcon
      {...(mine?.label === label ? { variant: 'filled', color: 'tapetum' } : {})}
      aria-label={label === 'up' ? 'Good' : 'Bad'}
      aria-pressed={mine?.label === label}
      loading={saying.isPending}
      onClick={() => send(mine?.label === label ? '' : label)}
    >
      {label === 'up' ? <ThumbsUp size={14} aria-hidden /> : <ThumbsDown size={14} aria-hidden />}
    </ActionIcon>
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send(mine?.label ?? '')
  }
  return (
    <>
      <div className="row">
        {thumb('up')}
        {thumb('down')}
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<MessageSquare size={12} aria-hidden />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          Comment
        </Button>
        {children}
      </div>
      {open && (
        <form onSubmit={submit}>
          <Textarea
            label="Comment"
            autosize
            maxRows={6}
            value={comment}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
          {/* A span has a place for it beside its output. */}
          {!spanId && (
            <Textarea
              label="What the answer should have been"
              autosize
              maxRows={12}
              value={expected}
              onChange={(event) => setExpected(event.currentTarget.value)}
            />
          )}
          <Button type="submit" size="xs" loading={saying.isPending}>
            Save
          </Button>
        </form>
      )}
      {saying.isError && <Failure error={saying.error} />}
    </>
  )
}
