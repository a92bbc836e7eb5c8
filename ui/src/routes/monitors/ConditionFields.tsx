/** When a monitor calls: the limit, what is made of missing data, how often it looks. */
import { Autocomplete, Checkbox, Select, TextInput } from '@mantine/core'
import { plainUnit } from '@/kit/units'
import type { Draft, Problems } from './draft'
import { OPERATORS } from './words'

const AGGREGATES = [
  { value: 'avg', label: 'average' },
  { value: 'last', label: 'latest value' },
  { value: 'min', label: 'smallest value' },
  { value: 'max', label: 'largest value' },
  { value: 'sum', label: 'sum' },
]
const NO_DATA = [
  { value: 'keep', label: 'stay as it was' },
  { value: 'alert', label: 'call' },
  { value: 'ok', label: 'take it for OK' },
]
const WINDOWS = ['1 min', '5 min', '15 min', '1 h', '6 h', '1 d']
const INTERVALS = ['10 s', '1 min', '5 min', '1 h']
const HOLDS = ['0 s', '1 min', '5 min', '15 min', '1 h']

export function ConditionFields(props: {
  draft: Draft
  unit: string | undefined
  problems: Problems
  onChange: (patch: Partial<Draft>) => void
}) {
  const { draft, problems, onChange } = props
  const unit = plainUnit(props.unit ?? '')
  const length = (
    label: string,
    field: 'window' | 'interval' | 'hold',
    name: string,
    data: string[],
    description: string,
  ) => (
    <Autocomplete
      size="xs"
      label={label}
      description={description}
      data={data}
      value={draft[field]}
      error={problems[name]}
      filter={({ options }) => options}
      onChange={(value) => onChange({ [field]: value })}
    />
  )
  return (
    <>
      <Checkbox
        size="xs"
        label="Call when a value passes a limit"
        checked={draft.limited}
        onChange={(event) =>
          // Without a limit only silence is left to call for.
          onChange(event.currentTarget.checked ? { limited: true } : { limited: false, noData: 'alert' })
        }
      />
      {draft.limited && (
        <>
          <div className="k-q-pair mo-condition">
            <Select
              label="The"
              data={AGGREGATES}
              value={draft.aggregate}
              allowDeselect={false}
              error={problems['condition.aggregate']}
              onChange={(value) => value && onChange({ aggregate: value as Draft['aggregate'] })}
            />
            <Select
              label="is"
              data={Object.entries(OPERATORS).map(([value, label]) => ({ value, label }))}
              value={draft.op}
              allowDeselect={false}
              error={problems['condition.op']}
              onChange={(value) => value && onChange({ op: value as Draft['op'] })}
            />
            <TextInput
              label={unit ? `Limit in ${unit}` : 'Limit'}
              inputMode="decimal"
              value={draft.limit}
              error={problems['condition.limit']}
              onChange={(event) => onChange({ limit: event.currentTarget.value })}
            />
            <TextInput
              label="Ends at"
              placeholder="the limit"
              inputMode="decimal"
              value={draft.recovery}
              error={problems['condition.recovery_limit']}
              onChange={(event) => onChange({ recovery: event.currentTarget.value })}
            />
          </div>
        </>
      )}
      <div className="k-q-pair">
        {length('Over the past', 'window', 'window_s', WINDOWS, 'How far back it looks')}
        {length('For at least', 'hold', 'for_s', HOLDS, 'How long before it calls')}
        {length('Looks every', 'interval', 'interval_s', INTERVALS, 'A second to a day')}
      </div>
      <div className="k-q-pair">
        <Select
          label="Without any data"
          data={NO_DATA}
          value={draft.noData}
          allowDeselect={false}
          error={problems.no_data}
          onChange={(value) => value && onChange({ noData: value as Draft['noData'] })}
        />
        <Select
          label="Severity"
          data={['info', 'warning', 'critical']}
          value={draft.severity}
          allowDeselect={false}
          onChange={(value) => value && onChange({ severity: value as Draft['severity'] })}
        />
      </div>
    </>
  )
}
