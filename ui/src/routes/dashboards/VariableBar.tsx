import { MultiSelect, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { facetsQuery } from '@/api/queries'
import type { DashboardVariable } from '@/api/types'
import type { Patch } from '@/kit/view'
import type { Where } from '@/kit/openIn'
import { keyOf, printChosen, type Chosen } from '@/kit/variables'

const MOST_VALUES = 100

export function VariableBar(props: {
  variables: DashboardVariable[]
  chosen: Chosen
  where: Where
  patch: (patch: Patch) => void
}) {
  if (!props.variables.length) return null
  return (
    <div className="d-variables" role="group" aria-label="Variables">
      {props.variables.map((variable) => {
        const values = props.chosen[variable.name] ?? []
        const said = variable.default ?? []
        const choose = (next: string[]) => {
          const usual = next.length === said.length && next.every((v, i) => v === said[i])
          props.patch({ [keyOf(variable.name)]: usual ? undefined : printChosen(next) })
        }
        const shared = { variable, values, choose }
        return (
          <div key={variable.name} className="d-variable">
            <span aria-hidden>{nameOf(variable)}</span>
            {variable.kind === 'text' ? <Typed {...shared} /> : <Offered {...shared} where={props.where} />}
          </div>
        )
      })}
    </div>
  )
}

interface One {
  variable: DashboardVariable
  values: string[]
  choose: (values: string[]) => void
}

const nameOf = (variable: DashboardVariable): string => variable.label || variable.name

function Typed({ variable, values, choose }: One) {
  const text = values[0] ?? ''
  const [draft, setDraft] = useState(text)
  const [before, setBefore] = useState(text)
  if (before !== text) {
    setBefore(text)
    setDraft(text)
  }
  return (
    <TextInput
      aria-label={nameOf(variable)}
      placeholder="any"
      value={draft}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={() => draft !== text && choose(draft ? [draft] : [])}
      onKeyDown={(event) => event.key === 'Enter' && choose(draft ? [draft] : [])}
    />
  )
}

function Offered({ variable, values, choose, where }: One & { where: Where }) {
  const facet = variable.kind === 'values' ? variable : null
  const facets = useQuery({
    ...facetsQuery(facet?.signal ?? 'spans', { ...where, q: '' }, facet?.key ?? '', MOST_VALUES),
    enabled: facet !== null,
  })
  const offered =
    variable.kind === 'list'
      ? variable.values
      : (facets.data?.facets.find((f) => f.key === facet?.key)?.values.map((v) => v.value) ?? [])
  const shared = {
    'aria-label': nameOf(variable),
    data: [...new Set([...offered.filter(Boolean), ...values])],
    searchable: true,
    clearable: true,
    clearButtonProps: { 'aria-label': `Every ${nameOf(variable)}` },
    nothingFoundMessage: facets.isError ? 'The values could not be read' : 'No such value in this time',
  }
  return variable.multi ? (
    <MultiSelect {...shared} placeholder={values.length ? '' : 'every'} value={values} onChange={choose} />
  ) : (
    <Select
      {...shared}
      placeholder="every"
      value={values[0] ?? null}
      onChange={(value) => choose(value ? [value] : [])}
    />
  )
}
