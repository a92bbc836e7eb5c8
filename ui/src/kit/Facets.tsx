import { ActionIcon, Button, TextInput, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Ban, ChevronDown, ChevronRight, PanelLeftClose, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { facetsQuery, type Scope } from '@/api/queries'
import type { Facet } from '@/api/types'
import {
  beginsWith,
  chosen,
  exclude,
  is,
  parseFilter,
  remove,
  sameTerm,
  toggleTerm,
  toggleValue,
} from './filter'
import { compact } from './format'
import { usePref } from './prefs'
import { Failure, SkeletonRows } from './states'

interface Props {
  scope: Scope
  /** A filter that holds already: values are counted among what passes it. */
  within?: string | undefined
  signal: 'spans' | 'logs' | 'errors' | 'evaluations' | 'predictions'
  onChange: (q: string) => void
  onClose: () => void
  /** On a phone the panel covers the page and is closed until asked for. */
  open: boolean
}

/** What the rows hold, counted; a click narrows, the crossed circle excludes. */
export function Facets({ scope, within, signal, onChange, onClose, open }: Props) {
  const of = useMemo(
    () => (within ? { ...scope, q: [within, scope.q].filter(Boolean).join(' ') } : scope),
    [scope, within],
  )
  const facets = useQuery(facetsQuery(signal, of))
  const [extra, setExtra] = usePref(`facets-${signal}`, '')
  const [find, setFind] = useState('')
  const added = useMemo(() => extra.split('\n').filter(Boolean), [extra])
  const keys = facets.data?.attribute_keys ?? []
  const matching = find ? keys.filter((k) => k.key.includes(find) && !added.includes(k.key)).slice(0, 12) : []
  return (
    <nav className={open ? 'k-facets open' : 'k-facets'} aria-label="Facets">
      <div className="row" style={{ padding: '2px 6px 2px 10px' }}>
        <TextInput
          className="grow"
          size="xs"
          placeholder="Find an attribute"
          aria-label="Find an attribute"
          value={find}
          onChange={(event) => setFind(event.currentTarget.value)}
        />
        <Tooltip label="Hide facets">
          <ActionIcon aria-label="Hide facets" onClick={onClose}>
            <PanelLeftClose size={14} />
          </ActionIcon>
        </Tooltip>
      </div>
      {matching.length > 0 && (
        <ul className="k-facet" style={{ listStyle: 'none', margin: 0, padding: '2px 6px' }}>
          {matching.map((k) => (
            <li key={k.key}>
              <button
                type="button"
                className="plain k-pick"
                onClick={() => {
                  setExtra([...added, k.key].join('\n'))
                  setFind('')
                }}
              >
                <Plus size={12} aria-hidden style={{ alignSelf: 'center' }} />
                <span className="cut grow">{k.key}</span>
                <span className="unit">{compact(k.count)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {find && matching.length === 0 && (
        <p className="quiet" style={{ padding: '0 12px' }}>
          No attribute holds “{find}”.
        </p>
      )}
      {facets.isPending && <SkeletonRows rows={14} label="Loading facets" />}
      {facets.isError && <Failure aside error={facets.error} retry={() => void facets.refetch()} />}
      {added.map((key) => (
        <AddedFacet
          key={key}
          name={key}
          scope={scope}
          of={of}
          signal={signal}
          onChange={onChange}
          onRemove={() => setExtra(added.filter((k) => k !== key).join('\n'))}
        />
      ))}
      {facets.data?.facets
        .filter((f) => f.values.length > 0 && !added.includes(f.key))
        .map((facet) => (
          <FacetGroup
            key={facet.key}
            facet={facet}
            scope={scope}
            of={of}
            signal={signal}
            onChange={onChange}
          />
        ))}
    </nav>
  )
}

function AddedFacet(p: {
  name: string
  scope: Scope
  of: Scope
  signal: 'spans' | 'logs' | 'errors' | 'evaluations' | 'predictions'
  onChange: (q: string) => void
  onRemove: () => void
}) {
  const query = useQuery(facetsQuery(p.signal, p.of, p.name))
  const facet = query.data?.facets.find((f) => f.key === p.name) ?? { key: p.name, values: [], more: false }
  return (
    <FacetGroup
      facet={facet}
      scope={p.scope}
      of={p.of}
      signal={p.signal}
      onChange={p.onChange}
      onRemove={p.onRemove}
    />
  )
}

function FacetGroup(p: {
  facet: Facet
  scope: Scope
  of: Scope
  signal: 'spans' | 'logs' | 'errors' | 'evaluations' | 'predictions'
  onChange: (q: string) => void
  onRemove?: () => void
}) {
  const { facet, scope } = p
  const [closed, setClosed] = usePref(`facet-closed-${facet.key}`, '')
  const [all, setAll] = useState(false)
  const more = useQuery({ ...facetsQuery(p.signal, p.of, facet.key, 100), enabled: all })
  const values = (all && more.data?.facets.find((f) => f.key === facet.key)?.values) || facet.values
  const top = Math.max(1, ...values.map((v) => v.count))
  const picked = chosen(scope.q, facet.key)
  const terms = parseFilter(scope.q)
  return (
    <section className="k-facet">
      <h2>
        <button
          type="button"
          className="plain"
          aria-expanded={!closed}
          onClick={() => setClosed(closed ? '' : '1')}
        >
          {closed ? <ChevronRight size={12} aria-hidden /> : <ChevronDown size={12} aria-hidden />}
          <span className="cut" title={facet.key}>
            {facet.key}
          </span>
        </button>
      </h2>
      {!closed && (
        <>
          <ul>
            {values.map(({ value, count, cut }) => {
              const begins = cut ? beginsWith(facet.key, value) : null
              const beginsNot = cut ? beginsWith(facet.key, value, true) : null
              const on = begins ? terms.some((t) => sameTerm(t, begins)) : picked.only.has(value)
              const off = beginsNot ? terms.some((t) => sameTerm(t, beginsNot)) : picked.not.has(value)
              return (
                <li key={value} className={on ? 'on' : off ? 'off' : ''}>
                  <span className="k-share" style={{ width: `${(count / top) * 100}%` }} />
                  <button
                    type="button"
                    className="plain k-pick"
                    aria-pressed={on}
                    title={cut ? `${value}…` : value}
                    onClick={() =>
                      p.onChange(
                        off
                          ? remove(scope.q, beginsNot ?? is(facet.key, value, true))
                          : begins
                            ? toggleTerm(scope.q, begins)
                            : toggleValue(scope.q, facet.key, value),
                      )
                    }
                  >
                    <span className="cut grow">{value || '(empty)'}</span>
                    <span className="unit">{compact(count)}</span>
                  </button>
                  <button
                    type="button"
                    className="plain k-except"
                    aria-label={`Not ${value}`}
                    title="Not this"
                    onClick={() =>
                      p.onChange(
                        beginsNot ? toggleTerm(scope.q, beginsNot) : exclude(scope.q, facet.key, value),
                      )
                    }
                  >
                    <Ban size={12} />
                  </button>
                </li>
              )
            })}
            {values.length === 0 && <li className="quiet">No values here</li>}
          </ul>
          {facet.more && !all && (
            <button type="button" className="plain k-more" onClick={() => setAll(true)}>
              Show more
            </button>
          )}
          {p.onRemove && (
            <Button variant="subtle" color="gray" size="compact-xs" ml={6} onClick={p.onRemove}>
              Remove facet
            </Button>
          )}
        </>
      )}
      {terms.some((t) => t.key === facet.key) && closed && <span className="sr-only">filtered</span>}
    </section>
  )
}
