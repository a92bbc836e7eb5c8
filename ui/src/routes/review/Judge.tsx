/** Says what one thinks of the item: by a key or a button, with a comment, a correction, and into a dataset. */
import { Button, NumberInput, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { correctionsQuery, say, type Said } from '@/api/evaluationQueries'
import { infoQuery } from '@/api/queries'
import type { What } from '@/api/reviewQueries'
import type { EvaluationRow, ReviewRow, ScoreDefinition } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { useShortcuts } from '@/kit/keys'
import { Failure } from '@/kit/states'
import { SaveToDataset } from '../datasets/SaveToDataset'
import { CorrectionForm } from '../evaluations/Corrections'
import { chosen, choicesOf, targetOf } from './choices'
import { evaluationsOf } from './evaluationsOf'

interface Props {
  what: What
  row: ReviewRow
  project: string
  name: string
  score: ScoreDefinition | undefined
  /** A label was given: what takes it back goes along. */
  onJudged: (undo: Said) => void
}

export function Judge(p: Props) {
  const { row, project } = p
  const client = useQueryClient()
  const info = useQuery(infoQuery)
  const query = evaluationsOf(project, row)
  const found = useQuery(query)
  const [doing, setDoing] = useState<'comment' | 'correct' | 'save' | ''>('')
  const target = targetOf(p.what, row)
  const about = {
    ...(target.trace_id ? { trace_id: target.trace_id } : {}),
    ...(target.span_id ? { span_id: target.span_id } : {}),
    ...(target.session_id ? { session_id: target.session_id } : {}),
  }
  const mine = (found.data?.rows ?? []).find(
    (one) =>
      one.name === p.name &&
      one.source === 'human' &&
      one.evaluator === info.data?.identity?.name &&
      one.target_type === p.what &&
      (p.what !== 'span' || one.span_id === row.span_id),
  )
  const saying = useMutation({
    mutationFn: (said: Partial<Said>) => say(project, { name: p.name, ...about, ...said }),
    onSuccess: () => client.invalidateQueries({ queryKey: query.queryKey }),
  })
  const judge = (said: { score?: number; label?: string }) => {
    // What one said before has to be known, or its comment would be lost, and "undo" would not bring it back.
    if (saying.isPending || !found.isSuccess) return
    // The comment is a part of the one opinion: it is said again with it.
    const comment = mine?.comment ? { comment: mine.comment } : {}
    saying.mutate(
      { ...said, ...comment },
      { onSuccess: () => p.onJudged({ name: p.name, ...about, ...before(mine) }) },
    )
  }
  const choices = choicesOf(p.score)
  const hasSpan = row.span_id !== ''
  useShortcuts('Review', [
    ...choices
      .filter((choice) => choice.key)
      .map((choice) => ({ keys: choice.key, label: choice.name, run: () => judge(choice.said) })),
    { keys: 'c', label: 'Comment', run: () => setDoing('comment') },
    ...(hasSpan
      ? [
          { keys: 'e', label: 'What the answer should have been', run: () => setDoing('correct') },
          { keys: 'd', label: 'Save to a dataset', run: () => setDoing('save') },
        ]
      : []),
  ])
  return (
    <section className="rv-judge" aria-label="Your opinion">
      {choices.map((choice) => (
        <Button
          key={choice.name}
          leftSection={choice.key && <kbd aria-hidden>{choice.key}</kbd>}
          variant={chosen(choice, mine) ? 'filled' : 'default'}
          aria-pressed={chosen(choice, mine)}
          disabled={saying.isPending || !found.isSuccess}
          onClick={() => judge(choice.said)}
        >
          {choice.name}
        </Button>
      ))}
      {p.score?.kind === 'numeric' && <Typed score={p.score} mine={mine} onSay={judge} />}
      <Button
        variant="subtle"
        leftSection={<kbd aria-hidden>c</kbd>}
        onClick={() => setDoing(doing === 'comment' ? '' : 'comment')}
      >
        Comment
      </Button>
      {hasSpan && (
        <>
          <Button
            variant="subtle"
            leftSection={<kbd aria-hidden>e</kbd>}
            onClick={() => setDoing(doing === 'correct' ? '' : 'correct')}
          >
            Correct
          </Button>
          <Button variant="subtle" leftSection={<kbd aria-hidden>d</kbd>} onClick={() => setDoing('save')}>
            Save to dataset
          </Button>
        </>
      )}
      {row.reviewers.length > 0 && (
        <span className="quiet">
          reviewed by <Isolated text={row.reviewers.join(', ')} />
        </span>
      )}
      {mine?.comment && doing !== 'comment' && (
        <span className="rv-said">
          <span className="quiet">Your comment</span> <Isolated text={mine.comment} />
        </span>
      )}
      {doing === 'comment' && found.isSuccess && (
        <Comment
          mine={mine}
          onClose={() => setDoing('')}
          onSay={(comment) => {
            const kept = {
              ...(mine?.score != null ? { score: mine.score } : {}),
              ...(mine?.label ? { label: mine.label } : {}),
            }
            const said = { ...kept, ...(comment ? { comment } : {}) }
            saying.mutate(Object.keys(said).length ? said : { withdrawn: true })
          }}
        />
      )}
      {doing === 'correct' && <Correct project={project} row={row} onClose={() => setDoing('')} />}
      {doing === 'save' && (
        <SaveToDataset
          project={project}
          of={{ trace_id: row.trace_id, span_id: row.span_id }}
          onClose={() => setDoing('')}
        />
      )}
      {saying.isError && <Failure error={saying.error} />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
    </section>
  )
}

/** What was said before, to be said again when the last word is taken back. */
function before(mine: EvaluationRow | undefined): Partial<Said> {
  if (!mine) return { withdrawn: true }
  return {
    ...(mine.score != null ? { score: mine.score } : {}),
    ...(mine.label ? { label: mine.label } : {}),
    ...(mine.comment ? { comment: mine.comment } : {}),
  }
}

function Typed(p: {
  score: ScoreDefinition
  mine: EvaluationRow | undefined
  onSay: (said: { score: number }) => void
}) {
  const [value, setValue] = useState<number | string>(p.mine?.score ?? '')
  return (
    <form
      style={{ flex: 'none' }}
      onSubmit={(event) => {
        event.preventDefault()
        if (typeof value === 'number') p.onSay({ score: value })
      }}
    >
      <NumberInput
        aria-label={`${p.score.name}, then Enter`}
        placeholder="a number, Enter"
        w={130}
        value={value}
        {...(p.score.minimum != null ? { min: p.score.minimum } : {})}
        {...(p.score.maximum != null ? { max: p.score.maximum } : {})}
        onChange={setValue}
      />
    </form>
  )
}

function Comment(p: {
  mine: EvaluationRow | undefined
  onSay: (comment: string) => void
  onClose: () => void
}) {
  const [text, setText] = useState(p.mine?.comment ?? '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        p.onSay(text.trim())
        p.onClose()
      }}
    >
      <Textarea
        label="Comment"
        autosize
        maxRows={6}
        autoFocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') p.onClose()
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault()
            event.currentTarget.form?.requestSubmit()
          }
        }}
      />
      <Button type="submit" size="xs" mt={6}>
        Save comment
      </Button>
    </form>
  )
}

function Correct({ project, row, onClose }: { project: string; row: ReviewRow; onClose: () => void }) {
  const found = useQuery(correctionsQuery(project, row.trace_id, row.span_id))
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />
  if (!found.isSuccess) return null
  return (
    <CorrectionForm
      project={project}
      traceId={row.trace_id}
      spanId={row.span_id}
      answer={found.data}
      onClose={onClose}
    />
  )
}
