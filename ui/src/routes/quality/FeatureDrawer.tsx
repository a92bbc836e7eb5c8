import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { acceptFeature, ALL_ROWS, type FeatureRecord, type Subject } from '@/api/qualityQueries'
import { useAdmin } from '@/kit/admin'
import { Drawer } from '@/kit/Drawer'
import { is, printTerm } from '@/kit/filter'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Failure } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { percent } from '../services/measures'
import { filterOfBin, said, type Bin } from './distribution'
import { FullDistribution } from './Shapes'
import { MOVED } from './FeatureGrid'
import { missing, zeros, type FeatureRow } from './features'
import { Reason } from './Reason'

/** One feature in full: what is wrong and what to do, both distributions, every number. */
export function FeatureDrawer(p: {
  row: FeatureRow
  subject: Subject
  schema: number
  environment: string | undefined
  onClose: () => void
}) {
  const { row } = p
  return (
    <Drawer label="Feature" title={<Isolated text={row.name} />} onClose={p.onClose}>
      <div className="k-scroll dq-whole" tabIndex={0} role="region" aria-label="Feature in full">
        {row.reasons.length > 0 && <Wrong key={row.name} {...p} />}
        <h3>Distribution</h3>
        {row.distance !== null && (
          <p>
            Distance <b>{row.distance.toFixed(3)}</b> from the baseline,{' '}
            {row.distance > MOVED ? `more than ${MOVED}: it moved.` : `not more than ${MOVED}.`}
          </p>
        )}
        <FullDistribution
          name={row.name}
          moved={(row.distance ?? 0) > MOVED}
          now={row.now}
          then={row.then}
          rows={useRowsOf(p.subject, row.name)}
        />
        {!p.subject.model && (
          <p className="quiet">Of a data set statistics are kept and no rows, so no bar leads to any.</p>
        )}
        <h3>Numbers</h3>
        <Numbers row={row} />
      </div>
    </Drawer>
  )
}

/** Where the predictions of a bar are. */
function useRowsOf(subject: Subject, name: string) {
  const { search } = useView()
  // A slice that statistics were sent of is known by its name alone.
  if (!subject.model || subject.slice !== ALL_ROWS) return undefined
  const within = travelling(search)
  const version = subject.version && printTerm(is('version', subject.version))
  return (bin: Bin) => {
    const found = filterOfBin(name, bin)
    if (found === null) return null
    const q = [within.q, version, found].filter(Boolean).join(' ')
    return { ...within, q, name: subject.model, view: 'predictions' as const }
  }
}

function Wrong(p: { row: FeatureRow; subject: Subject; schema: number; environment: string | undefined }) {
  const { row, subject, schema, environment } = p
  const { patch } = useView()
  const admin = useAdmin()
  const client = useQueryClient()
  const accept = useMutation({
    mutationFn: () => acceptFeature(subject, row.path, environment),
    onSuccess: (kept) => {
      void client.invalidateQueries({ queryKey: ['/data-schemas', subject.project] })
      void client.invalidateQueries({ queryKey: ['/data-schemas/validate', subject.project] })
      if (kept.version > schema)
        patch({ view: 'schema', version: String(kept.version), against: String(schema), sel: undefined })
    },
  })
  const acceptable = row.reasons.some((reason) => reason.acceptable)
  return (
    <section aria-label="Anomalies">
      {row.reasons.map((reason, i) => (
        <Reason key={i} of={reason} />
      ))}
      {acceptable &&
        (admin ? (
          <p>
            <Button variant="default" loading={accept.isPending} onClick={() => accept.mutate()}>
              Accept this change
            </Button>{' '}
            <span className="quiet">keeps version {schema + 1} of the schema and shows what differs.</span>
          </p>
        ) : (
          <p className="quiet">
            To accept it into the schema takes a key with the <span className="mono">admin</span> scope.
          </p>
        ))}
      {accept.isError && <Failure error={accept.error} />}
      {accept.isSuccess && accept.data.version <= schema && (
        <p role="status">
          The schema stayed as it is: nothing of this can be taken in by itself. Change the file and keep it
          with tapetum schema push.
        </p>
      )}
    </section>
  )
}

const whole = (value: number | undefined) => (value === undefined ? '–' : count(value))
const part = (value: number | null) => (value === null ? '–' : percent(value))
const FACTS: [string, (of: FeatureRecord) => string][] = [
  ['Type', (of) => of.type],
  ['Rows with a value', (of) => count(of.present)],
  ['Missing', (of) => part(missing(of))],
  ['Values', (of) => whole(of.value_count)],
  ['Values per row', (of) => `${whole(of.min_values)} to ${whole(of.max_values)}`],
  ['Zeros', (of) => part(zeros(of))],
  ['Mean', (of) => said(of.mean)],
  ['Standard deviation', (of) => said(of.std_dev)],
  ['Least', (of) => said(of.min)],
  ['Median', (of) => said(of.median)],
  ['Greatest', (of) => said(of.max)],
  ['NaN', (of) => whole(of.nan_count)],
  ['Infinite', (of) => whole(sum(of.negative_infinity, of.positive_infinity))],
  ['Different values', (of) => `${of.unique_exact === false ? '≈ ' : ''}${whole(of.unique)}`],
  ['Mean length in bytes', (of) => said(of.avg_length)],
  ['No UTF-8', (of) => whole(of.invalid_utf8)],
]
const sum = (a: number | undefined, b: number | undefined) =>
  a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)

function Numbers({ row }: { row: FeatureRow }) {
  const cells = FACTS.map(([name, of]) => ({
    name,
    now: row.now ? of(row.now) : '–',
    then: row.then ? of(row.then) : '–',
  })).filter(({ now, then }) => !/^(– to )?–$/.test(now) || !/^(– to )?–$/.test(then))
  if (!cells.length) return <p className="quiet">There are no statistics of it: it is not in the data.</p>
  return (
    <table className="dq-numbers" aria-label="Numbers">
      <thead>
        <tr>
          <th>
            <span className="sr-only">What</span>
          </th>
          {row.then && <th className="num">Baseline</th>}
          <th className="num">Now</th>
        </tr>
      </thead>
      <tbody>
        {cells.map(({ name, now, then }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {row.then && <td className="num">{then}</td>}
            <td className="num">{now}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
