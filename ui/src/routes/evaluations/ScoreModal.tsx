/** What a score looks like: defined, changed, forgotten. */
import {
  ActionIcon,
  Button,
  Modal,
  NumberInput,
  Select,
  SegmentedControl,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { ApiError } from '@/api/client'
import { defineScore, deleteScore } from '@/api/evaluationQueries'
import type { NewScore, ScoreDefinition } from '@/api/types'
import { Failure } from '@/kit/states'
import { useView } from '@/kit/view'
import type { Listed } from './meaning'

type Kind = ScoreDefinition['kind']
type Direction = ScoreDefinition['direction']
interface Label {
  label: string
  key?: number | null | undefined
  passes?: boolean | null | undefined
}
const PASSES = [
  { value: '', label: '–' },
  { value: 'yes', label: 'passes' },
  { value: 'no', label: 'fails' },
]

/** What the evaluations that are there look like is the first guess. */
function guess(of: Listed | undefined): { kind: Kind; labels: Label[] } {
  const found = of?.found
  if (
    !found ||
    (found.scored > 0 && !(found.min_score === 0 && found.max_score === 1 && found.labels.length === 2))
  )
    return { kind: 'numeric', labels: [] }
  if (found.scored > 0) return { kind: 'boolean', labels: [] }
  if (found.labels.length > 1) {
    return { kind: 'categorical', labels: found.labels.map(({ label }) => ({ label })) }
  }
  return {
    kind: found.labels.length ? 'categorical' : 'text',
    labels: found.labels.map(({ label }) => ({ label })),
  }
}

export function ScoreModal({ of, onClose }: { of?: Listed; onClose: () => void }) {
  const { scope, patch } = useView()
  const client = useQueryClient()
  const old = of?.definition
  const first = guess(of)
  const [name, setName] = useState(of?.name ?? '')
  const [kind, setKind] = useState<Kind>(old?.kind ?? first.kind)
  const [description, setDescription] = useState(old?.description ?? '')
  const [direction, setDirection] = useState<Direction>(old?.direction ?? 'higher')
  const [minimum, setMinimum] = useState<number | ''>(old?.minimum ?? '')
  const [maximum, setMaximum] = useState<number | ''>(old?.maximum ?? '')
  const [threshold, setThreshold] = useState<number | ''>(old?.threshold ?? '')
  const [labels, setLabels] = useState<Label[]>(old?.labels.length ? old.labels : first.labels)
  const done = () => {
    void client.invalidateQueries({ queryKey: ['/scores', scope.project] })
    void client.invalidateQueries({ queryKey: ['/evaluations/summary'] })
    void client.invalidateQueries({ queryKey: ['/query'] })
    onClose()
  }
  const keep = useMutation({
    mutationFn: (score: NewScore) => defineScore(scope.project, score),
    onSuccess: (kept) => {
      patch({ score: kept.name }, true)
      done()
    },
  })
  const forget = useMutation({ mutationFn: () => deleteScore(scope.project, name), onSuccess: done })
  const submit = () => {
    const numeric = kind === 'numeric'
    keep.mutate({
      name: name.trim(),
      kind,
      description,
      direction: kind === 'text' ? 'none' : direction,
      minimum: numeric && minimum !== '' ? minimum : null,
      maximum: numeric && maximum !== '' ? maximum : null,
      threshold: numeric && threshold !== '' ? threshold : null,
      labels:
        kind === 'categorical'
          ? labels.filter((one) => one.label.trim()).map((one) => ({ ...one, label: one.label.trim() }))
          : [],
    })
  }
  const wrong = (field: string): string | undefined =>
    keep.error instanceof ApiError && keep.error.field === field ? keep.error.message : undefined
  const elsewhere = keep.isError && !['name', 'minimum', 'maximum', 'threshold', 'labels'].some(wrong)
  const numeric = (value: string | number) => (typeof value === 'number' ? value : '')
  const change = (at: number, to: Partial<Label>) =>
    setLabels(labels.map((one, i) => (i === at ? { ...one, ...to } : one)))
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
      title={old ? `Definition of ${name.slice(0, 100)}` : 'Define a score'}
    >
      <form
        className="ev-form"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {!of && (
          <TextInput
            label="Name"
            description="As the evaluations have it, such as correctness"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={wrong('name')}
            required
            data-autofocus
          />
        )}
        <SegmentedControl
          aria-label="Kind"
          value={kind}
          onChange={(next) => setKind(next as Kind)}
          data={[
            { value: 'numeric', label: 'Number' },
            { value: 'categorical', label: 'Labels' },
            { value: 'boolean', label: 'True or false' },
            { value: 'text', label: 'Text' },
          ]}
        />
        {kind === 'numeric' && (
          <div className="ev-numbers">
            <NumberInput
              label="Least"
              value={minimum}
              onChange={(value) => setMinimum(numeric(value))}
              error={wrong('minimum')}
            />
            <NumberInput
              label="Most"
              value={maximum}
              onChange={(value) => setMaximum(numeric(value))}
              error={wrong('maximum')}
            />
            <NumberInput
              label={direction === 'lower' ? 'Passes up to' : 'Passes from'}
              value={threshold}
              onChange={(value) => setThreshold(numeric(value))}
              error={wrong('threshold')}
            />
          </div>
        )}
        {kind === 'categorical' && (
          <fieldset className="ev-fields">
            <legend>Labels, in their order; a reviewer gives the first nine by the keys 1 to 9</legend>
            {labels.map((one, i) => (
              <div key={i} className="row">
                <kbd>{one.key ?? (i < 9 ? i + 1 : '–')}</kbd>
                <TextInput
                  className="grow"
                  aria-label={`Label ${i + 1}`}
                  value={one.label}
                  maxLength={200}
                  onChange={(event) => change(i, { label: event.currentTarget.value })}
                />
                <Select
                  aria-label={`Whether label ${i + 1} passes`}
                  w={100}
                  data={PASSES}
                  allowDeselect={false}
                  value={one.passes == null ? '' : one.passes ? 'yes' : 'no'}
                  onChange={(value) => change(i, { passes: value === '' ? null : value === 'yes' })}
                />
                <ActionIcon
                  aria-label={`Remove label ${i + 1}`}
                  onClick={() => setLabels(labels.toSpliced(i, 1))}
                >
                  <X size={14} />
                </ActionIcon>
              </div>
            ))}
            <Button
              variant="subtle"
              leftSection={<Plus size={13} aria-hidden />}
              onClick={() => setLabels([...labels, { label: '' }])}
            >
              Add a label
            </Button>
            {wrong('labels') && (
              <p role="alert" className="ev-failed">
                {wrong('labels')}
              </p>
            )}
          </fieldset>
        )}
        {kind !== 'text' && (
          <Select
            label="Which end is better"
            allowDeselect={false}
            value={direction}
            onChange={(value) => setDirection(value as Direction)}
            data={
              kind === 'numeric'
                ? [
                    { value: 'higher', label: 'Higher' },
                    { value: 'lower', label: 'Lower' },
                    { value: 'none', label: 'Neither' },
                  ]
                : kind === 'boolean'
                  ? [
                      { value: 'higher', label: 'True' },
                      { value: 'lower', label: 'False' },
                      { value: 'none', label: 'Neither' },
                    ]
                  : [
                      { value: 'higher', label: 'The last label' },
                      { value: 'lower', label: 'The first label' },
                      { value: 'none', label: 'Neither' },
                    ]
            }
          />
        )}
        <Textarea
          label="Description"
          description="What is judged, for those who judge"
          autosize
          maxRows={6}
          maxLength={2000}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        {elsewhere && <Failure error={keep.error} />}
        {forget.isError && <Failure error={forget.error} />}
        <p className="quiet">
          Evaluations that are sent otherwise are refused from then on; what is there stays.
        </p>
        <div className="k-window-actions">
          {old && (
            <Button color="red" variant="subtle" loading={forget.isPending} onClick={() => forget.mutate()}>
              Forget the definition
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="filled" loading={keep.isPending}>
            Keep
          </Button>
        </div>
      </form>
    </Modal>
  )
}
