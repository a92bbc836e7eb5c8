/** What the answer of a span should have been: as people wrote it, and a place to write it. Beside the output. */
import { Button, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { PencilLine } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { CORRECTION, correctionsQuery, say } from '@/api/evaluationQueries'
import { infoQuery } from '@/api/queries'
import type { Correction, Corrections as Answer } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { DiffWords } from '@/kit/Diff'
import { balanced, Isolated } from '@/kit/Isolated'
import { Failure } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import './evaluations.css'

interface Span {
  project: string
  traceId: string
  spanId: string
}

export function Corrections(span: Span) {
  const may = useMaySay()
  const found = useQuery(correctionsQuery(span.project, span.traceId, span.spanId))
  const [open, setOpen] = useState(false)
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />
  if (!found.isSuccess) return null
  return (
    <section className="ev-corrections" aria-label="Corrections">
      {found.data.rows.map((row) => (
        <Corrected key={row.evaluation_id} row={row} />
      ))}
      {may && !open && (
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<PencilLine size={12} aria-hidden />}
          onClick={() => setOpen(true)}
        >
          Correct the output
        </Button>
      )}
      {open && <CorrectionForm {...span} answer={found.data} onClose={() => setOpen(false)} />}
    </section>
  )
}

function Corrected({ row }: { row: Correction }) {
  const [plain, setPlain] = useState(false)
  return (
    <article className="ev-corrected" aria-label={`Corrected by ${row.evaluator}`}>
      <div className="row">
        <b>Should have been</b>
        <span className="quiet">
          {row.source} <Isolated text={row.evaluator} /> <RelativeTime iso={row.updated_at} />
        </span>
        {row.difference && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setPlain(!plain)}>
            {plain ? 'Changes' : 'Without changes'}
          </Button>
        )}
      </div>
      {row.difference && !plain ? (
        <DiffWords pieces={row.difference} label="From the output to the correction" />
      ) : (
        <div className="k-words" role="group" aria-label="The correction" tabIndex={0}>
          {balanced(row.expected_output)}
        </div>
      )}
      {row.comment && (
        <p>
          <Isolated text={row.comment} />
        </p>
      )}
    </article>
  )
}

/** Also used by the reviewer's queue. */
export function CorrectionForm(p: Span & { answer: Answer; onClose: () => void; onSaid?: () => void }) {
  const info = useQuery(infoQuery)
  const client = useQueryClient()
  const mine = p.answer.rows.find(
    (row) => row.name === CORRECTION && row.source === 'human' && row.evaluator === info.data?.identity?.name,
  )
  const [text, setText] = useState(mine?.expected_output ?? p.answer.output)
  const saying = useMutation({
    mutationFn: (said: { expected_output: string } | { withdrawn: true }) =>
      say(p.project, { name: CORRECTION, trace_id: p.traceId, span_id: p.spanId, ...said }),
    onSuccess: async () => {
      void client.invalidateQueries({ queryKey: ['/evaluations/trace', p.project, p.traceId] })
      // The form stays until what it said stands in its place.
      await client.invalidateQueries({ queryKey: ['/corrections', p.project, p.traceId, p.spanId] })
      p.onSaid?.()
      p.onClose()
    },
  })
  // The last thing in a panel that scrolls: its buttons must be seen too.
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    form.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <form
      ref={form}
      className="ev-correct"
      onSubmit={(event) => {
        event.preventDefault()
        if (text) saying.mutate({ expected_output: text })
      }}
    >
      <Textarea
        label="What the answer should have been"
        description="It is the expected output when the span is saved to a dataset."
        autosize
        minRows={3}
        maxRows={16}
        value={text}
        autoFocus
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') p.onClose()
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
            event.currentTarget.form?.requestSubmit()
        }}
      />
      {saying.isError && <Failure error={saying.error} />}
      <div className="row">
        <Button type="submit" size="xs" variant="filled" disabled={!text} loading={saying.isPending}>
          Save correction
        </Button>
        <Button size="xs" variant="default" onClick={p.onClose}>
          Cancel
        </Button>
        {mine && (
          <Button size="xs" variant="default" onClick={() => saying.mutate({ withdrawn: true })}>
            Take mine back
          </Button>
        )}
      </div>
    </form>
  )
}
