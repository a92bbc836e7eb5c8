import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleDashed, CircleX, TriangleAlert } from 'lucide-react'
import { scrapeTargetsQuery } from '@/api/ingestQueries'
import type { ScrapeTarget } from '@/api/types'
import { is, printTerm } from '@/kit/filter'
import { compact } from '@/kit/format'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { Duration, RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'

const STATES = {
  up: { word: 'up', Icon: CircleCheck, colour: 'var(--good)' },
  part: { word: 'up, not all kept', Icon: TriangleAlert, colour: 'var(--warn)' },
  down: { word: 'down', Icon: CircleX, colour: 'var(--bad)' },
  waiting: { word: 'waiting', Icon: CircleDashed, colour: 'var(--text-3)' },
}

/** What the server's configuration has it scrape into this project, and how that goes. */
export function ScrapeTargets({ project }: { project: string }) {
  const query = useQuery(scrapeTargetsQuery(project))
  const targets = query.data?.targets ?? []
  const down = targets.filter((t) => t.health === 'down').length
  return (
    <section>
      <h2>Scrape targets</h2>
      <p className="quiet" role="status">
        {targets.length === 0
          ? 'Applications whose metrics this server asks for, in Prometheus’ way.'
          : down > 0
            ? `${down} of ${targets.length} in project ${project} cannot be scraped.`
            : `All ${targets.length} in project ${project} can be scraped.`}
      </p>
      {query.isPending ? (
        <SkeletonRows rows={6} label="Loading scrape targets" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : targets.length === 0 ? (
        <Empty title={`Nothing is scraped into ${project}`}>
          <p>
            Add a target to the configuration file that the server was started with (--config), and start it
            again. A Prometheus that scrapes already can also write here: see Set-up.
          </p>
          <Snippet text={snippet(project)} label="the target's configuration" />
        </Empty>
      ) : (
        <ul className="settings-targets">
          {targets.map((target) => (
            <Target key={`${target.job} ${target.instance}`} target={target} />
          ))}
        </ul>
      )}
      {targets.length > 0 && (
        <p className="quiet">
          Targets stand in the server’s configuration file, as [[scrape]] tables; a change takes effect when
          the server starts again.
        </p>
      )}
    </section>
  )
}

function Target({ target }: { target: ScrapeTarget }) {
  const { search } = useView()
  const { word, Icon, colour } = STATES[target.health === 'up' && target.error ? 'part' : target.health]
  return (
    <li>
      <div className="settings-target">
        <span className="settings-target-state">
          <Icon size={14} aria-hidden style={{ color: colour }} /> {word}
        </span>
        <strong>
          <Link
            to="/metrics-explorer"
            search={{ ...travelling(search), q: printTerm(is('service', target.job)) }}
          >
            {target.job}
          </Link>
        </strong>
        <span className="mono settings-target-url">{target.url}</span>
      </div>
      {target.error && <p className="settings-target-error">{target.error}</p>}
      <p className="quiet settings-target-facts">
        {target.failing_since && (
          <span>
            failing since <RelativeTime iso={target.failing_since} />
          </span>
        )}
        {target.last_scrape ? (
          <>
            <span>
              last <RelativeTime iso={target.last_scrape} />
            </span>
            <span>
              took <Duration ms={target.duration_ms} />
            </span>
            {target.health === 'up' && (
              <span title={`${target.samples} samples became ${target.points} points`}>
                {compact(target.samples)} samples
              </span>
            )}
          </>
        ) : (
          <span>not scraped yet</span>
        )}
        <span>
          every {target.interval_s}
          <span className="unit">s</span>, gives up after {target.timeout_s}
          <span className="unit">s</span>
        </span>
        {target.instance !== target.url.split('/')[2] && <span>instance {target.instance}</span>}
      </p>
    </li>
  )
}

const snippet = (project: string) =>
  [
    '[[scrape]]',
    'job = "my-model"',
    'url = "http://127.0.0.1:8000/metrics"',
    'interval_s = 15',
    ...(project === 'default' ? [] : [`project = "${project}"`]),
  ].join('\n')
