/** How scores and labels are distributed; every bar leads to its rows. */
import { useQuery } from '@tanstack/react-query'
import { distributionQuery } from '@/api/evaluationQueries'
import { is, printFilter, range } from '@/kit/filter'
import { compact, count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { PinMenu } from '@/kit/PinMenu'
import { Failure, SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'
import { percent } from '@/routes/services/measures'
import { binsAsked, inOrder, labelColour, number, verdict, type Listed } from './meaning'
import { ToRows } from './parts'

export function Distribution({ of }: { of: Listed }) {
  const { scope } = useView()
  const query = useQuery(distributionQuery(scope, of.name))
  if (query.isPending) return <SkeletonRows rows={5} label="Loading the distribution" />
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />
  const { bins, labels, scored } = query.data
  return (
    <>
      {bins.length > 0 && <Bins of={of} bins={bins} scored={scored} />}
      {labels.length > 0 && <Labels of={of} labels={labels} />}
    </>
  )
}

interface Bin {
  start: number
  end: number
  count: number
}

function Bins({ of, bins, scored }: { of: Listed; bins: Bin[]; scored: number }) {
  const { scope } = useView()
  const asked = binsAsked(of.name, bins, scope.q)
  const most = Math.max(...bins.map((bin) => bin.count))
  const named = printFilter([is('name', of.name)])
  return (
    <section>
      <div className="ev-title">
        <h3>Distribution of scores</h3>
        <span className="grow" />
        {asked && (
          <PinMenu
            small
            alone
            query={asked}
            chart="table"
            title={`${of.name.slice(0, 150)}: distribution of scores`}
          />
        )}
      </div>
      <ol className="ev-bins">
        {bins.map((bin, i) => {
          const alone = bin.start === bin.end
          const last = i === bins.length - 1
          const said = alone ? number(bin.start) : `${number(bin.start)} to ${number(bin.end)}`
          const passes = verdict(
            { score: (bin.start + bin.end) / 2, label: '', threshold: null },
            of.definition,
          )
          const q = alone
            ? `${named} score:${bin.start}`
            : range(named, 'score', String(bin.start), last ? null : String(bin.end))
          return (
            <li key={i} title={`${said}: ${count(bin.count)}, ${percent(bin.count / scored)}`}>
              <ToRows behind={{ q, sort: 'score' }} label={`${said}: ${count(bin.count)}`}>
                <i
                  style={{
                    height: `${(100 * bin.count) / most}%`,
                    background: passes === null ? 'var(--bars)' : passes ? 'var(--good)' : 'var(--bad)',
                  }}
                />
              </ToRows>
              {(bins.length <= 6 || i === 0 || last) && (
                <span className="unit">{number(last && !alone ? bin.end : bin.start)}</span>
              )}
            </li>
          )
        })}
      </ol>
    </section>
  )
}

function Labels({ of, labels }: { of: Listed; labels: { label: string; count: number }[] }) {
  const { scope } = useView()
  const all = labels.reduce((sum, one) => sum + one.count, 0)
  const named = printFilter([is('name', of.name)])
  return (
    <section>
      <div className="ev-title">
        <h3>Labels</h3>
        <span className="grow" />
        <PinMenu
          small
          query={{
            kind: 'evaluations',
            measure: 'count',
            group_by: ['label'],
            q: [named, 'label:*', scope.q].filter(Boolean).join(' '),
          }}
          chart="table"
          title={`${of.name.slice(0, 150)}: labels`}
        />
      </div>
      <ul className="ev-shares">
        {inOrder(labels, of.definition).map((one) => (
          <li key={one.label}>
            <ToRows behind={{ q: `${named} ${printFilter([is('label', one.label)])}` }}>
              <Isolated text={one.label.slice(0, 120)} />
            </ToRows>
            <span className="ev-share" aria-hidden>
              <i
                style={{
                  width: `${(100 * one.count) / all}%`,
                  background: labelColour(one.label, of.definition, 'var(--bars)'),
                }}
              />
            </span>
            <span className="num">
              {compact(one.count)} <span className="unit">{percent(one.count / all)}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
