import { MultiSelect, Select } from '@mantine/core'
import type { Aggregation } from '@/api/types'
import type { Patch } from '@/kit/view'
import { joinKeys } from '@/kit/groups'
import { WORDS } from '@/kit/metricWords'

export const COMPARISONS: { value: string; label: string; seconds?: number }[] = [
  { value: 'previous', label: 'previous period' },
  { value: 'day', label: 'a day before', seconds: 86_400 },
  { value: 'week', label: 'a week before', seconds: 604_800 },
]
const QUANTILES = ['0.5', '0.9', '0.95', '0.99', '0.999']

/** What to work out, over which groups, against what. Each control is one search parameter. */
export function QueryBar(props: {
  allowed: Aggregation[]
  aggregation: Aggregation
  quantile: number
  keys: string[]
  groups: string[]
  compare: string | undefined
  comparable: boolean
  patch: (patch: Patch) => void
}) {
  const { patch } = props
  const quantile = String(props.quantile)
  const keys = [...new Set(['service', ...props.keys, ...props.groups])]
  return (
    <div className="metrics-query">
      <Select
        aria-label="Show"
        className="metrics-agg"
        data={props.allowed.map((value) => ({ value, label: WORDS[value] }))}
        value={props.aggregation}
        allowDeselect={false}
        onChange={(value) => value && patch({ agg: value === props.allowed[0] ? undefined : value })}
      />
      {props.aggregation === 'quantile' && (
        <Select
          aria-label="Quantile"
          className="metrics-quantile"
          data={[...new Set([...QUANTILES, quantile])].map((q) => ({
            value: q,
            label: `p${Number((Number(q) * 100).toFixed(3))}`,
          }))}
          value={quantile}
          allowDeselect={false}
          onChange={(value) => value && patch({ quantile: value === '0.95' ? undefined : value })}
        />
      )}
      <MultiSelect
        aria-label="Group by"
        className="metrics-by"
        placeholder={props.groups.length ? '' : 'Group by'}
        data={keys}
        value={props.groups}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Group by nothing' }}
        maxValues={4}
        nothingFoundMessage="No such attribute"
        onChange={(values) => patch({ by: joinKeys(values) || undefined })}
      />
      <Select
        aria-label="Compare with"
        className="metrics-compare"
        placeholder="Compare with"
        data={COMPARISONS.map(({ value, label }) => ({ value, label }))}
        value={props.comparable ? (props.compare ?? null) : null}
        disabled={!props.comparable}
        clearable
        clearButtonProps={{ 'aria-label': 'Compare with nothing' }}
        onChange={(value) => patch({ compare: value ?? undefined })}
      />
    </div>
  )
}
