/** What a tired person asks first of a model: is it right, has it moved, is anything wrong; each leads to why. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { modelsQuery } from '@/api/modelQueries'
import { findingsQuery } from '@/api/qualityQueries'
import { travelling, useView } from '@/kit/view'
import { FindingBanner } from '../quality/FindingBanner'
import { filterOf } from '../quality/findings'
import { Found, Moved, Right } from './glance'
import { only } from './measures'
import '../quality/quality.css'

const LIVE_MS = 30_000

/** What a glance asks. The page waits for it: what stands below would move when it comes. */
export function useGlance(model: string) {
  const { scope, live } = useView()
  const every = { refetchInterval: live ? LIVE_MS : (false as const) }
  const of = { ...scope, q: [scope.q, only(model)].filter(Boolean).join(' ') }
  const glance = useQuery({ ...modelsQuery(of), retry: false, ...every })
  const found = useQuery({ ...findingsQuery({ ...scope, q: filterOf(model, '') }), retry: false, ...every })
  return { glance, found }
}

export function AtAGlance({ model, glance, found }: { model: string } & ReturnType<typeof useGlance>) {
  const { search } = useView()
  const row = glance.data?.rows[0]
  const within = { ...travelling(search), name: model }
  if (!row) return null
  const { drift, performance } = row
  const cells: [string, ReactNode, ReactNode][] = [
    [
      performance?.measure === 'mean_absolute_error' ? 'Off by' : 'Right',
      <Right of={performance} />,
      <Link to="/models/one" search={{ ...within, view: 'performance' }}>
        {performance?.change === 'worse' ? 'Where it is worst' : 'Performance'}
      </Link>,
    ],
    [
      'Drift of what it says',
      <Moved of={drift} />,
      <Link to="/models/one" search={{ ...within, view: 'drift' }}>
        {drift.verdict === 'drift' ? 'Which columns moved' : 'Columns'}
      </Link>,
    ],
    [
      'Findings',
      <Found of={row} />,
      <Link to="/data-quality" search={{ ...travelling(search), model, view: 'findings' }}>
        {row.findings ? 'What is wrong' : 'Data quality'}
      </Link>,
    ],
  ]
  return (
    <>
      <FindingBanner rows={found.data?.rows ?? []} />
      <section aria-label="At a glance">
        <dl className="mo-glance">
          {cells.map(([name, value, way]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {value} {way}
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  )
}
