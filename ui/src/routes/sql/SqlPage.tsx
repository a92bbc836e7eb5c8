import { Button, Menu, SegmentedControl } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { Download, History, Play, Square } from 'lucide-react'
import { useEffect, useState } from 'react'
import { infoQuery, sqlSchemaQuery } from '@/api/queries'
import { copyText } from '@/kit/Copy'
import { ago, count, durationText } from '@/kit/format'
import { Page } from '@/kit/Page'
import { PinMenu } from '@/kit/PinMenu'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'
import { isTime } from './chart'
import { Editor } from '@/kit/SqlEditor'
import { readHistory, remember } from './history'
import { ResultChart, ResultGrid } from './Results'
import { asCurl, download, isRefused, useSqlRun } from './run'
import { SchemaPanel } from './SchemaPanel'
import './sql.css'

const FIRST = `SELECT
    toStartOfMinute(start_time) AS minute,
    service,
    count() AS spans,
    countIf(status = 'error') AS errors,
    quantile(0.95)(duration_ms) AS p95_ms
FROM spans
WHERE start_time > now() - INTERVAL 1 HOUR
GROUP BY minute, service
ORDER BY minute`

export function SqlPage() {
  const { search, scope, patch } = useView()
  const info = useQuery(infoQuery)
  const schema = useQuery({ ...sqlSchemaQuery, enabled: info.data?.sql_enabled !== false })
  const [text, setText] = useState(search.sql ?? FIRST)
  const [chart, setChart] = useState(false)
  const [lastUrl, setLastUrl] = useState(search.sql)
  const { run, start, cancel } = useSqlRun(scope.project)

  // Back, forward and "open in SQL" bring another statement.
  if (search.sql !== lastUrl) {
    setLastUrl(search.sql)
    if (search.sql !== undefined && search.sql !== text) setText(search.sql)
  }

  function go() {
    const query = text.trim().replace(/;\s*$/, '')
    if (!query) return
    remember(query)
    patch({ sql: text }, true)
    void start(query)
  }
  const save = (format: 'csv' | 'parquet') =>
    void download(run.query || text, scope.project, format).catch((error: Error) =>
      notifications.show({ color: 'red', title: `No ${format} file`, message: error.message }),
    )

  if (info.data && !info.data.sql_enabled) {
    return (
      <Page title="SQL">
        <Empty title="SQL is not open to this key">
          <p>Off loopback, SQL is for keys with the scope “admin”. The explorers show the same data.</p>
        </Empty>
      </Page>
    )
  }
  return (
    <Page title="SQL">
      <div className="q-page">
        <SchemaPanel
          onInsert={(name) => setText((old) => `${old}${/\s$/.test(old) || !old ? '' : ' '}${name}`)}
        />
        <div className="q-main">
          <Editor value={text} schema={schema.data} onChange={setText} onRun={go} />
          <div className="k-toolbar">
            <Button
              variant="filled"
              leftSection={<Play size={12} aria-hidden />}
              onClick={go}
              disabled={!text.trim()}
            >
              Run
            </Button>
            {run.running ? (
              <Button leftSection={<Square size={11} aria-hidden />} onClick={cancel}>
                Cancel
              </Button>
            ) : (
              <span className="unit">Ctrl Enter</span>
            )}
            <HistoryMenu onPick={setText} />
            <Menu position="bottom-start">
              <Menu.Target>
                <Button leftSection={<Download size={13} aria-hidden />}>Export</Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => save('csv')}>CSV</Menu.Item>
                <Menu.Item onClick={() => save('parquet')}>Parquet</Menu.Item>
                <Menu.Item
                  onClick={() => void copyText(asCurl(run.query || text, scope.project, location.origin))}
                >
                  Copy as curl
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
            <PinMenu
              query={{ kind: 'sql', query: run.query || text }}
              chart={run.answer && isTime(run.answer.columns[0]?.type ?? '') ? 'line' : 'table'}
              title="SQL"
              disabled={!run.answer}
            />
            {run.answer && (
              <SegmentedControl
                aria-label="Result as"
                value={chart ? 'chart' : 'table'}
                onChange={(value) => setChart(value === 'chart')}
                data={[
                  { value: 'table', label: 'Table' },
                  { value: 'chart', label: 'Chart' },
                ]}
              />
            )}
            <span className="grow" />
            <RunStatus run={run} />
          </div>
          <div className="k-rows" style={{ minHeight: 0 }}>
            {run.error ? (
              <Failure error={run.error}>
                {isRefused(run.error) && (
                  <span className="quiet">Only one SELECT over the views at the left may run.</span>
                )}
              </Failure>
            ) : run.answer ? (
              chart ? (
                <ResultChart answer={run.answer} />
              ) : (
                <ResultGrid answer={run.answer} />
              )
            ) : run.running ? (
              <SkeletonRows rows={12} label="Running" />
            ) : (
              <Empty title={run.cancelled ? 'Cancelled' : 'Nothing has run yet'}>
                <p>
                  Run the statement above with Ctrl Enter. The address of this page then holds it, ready to be
                  shared.
                </p>
              </Empty>
            )}
          </div>
        </div>
      </div>
    </Page>
  )
}

function RunStatus({ run }: { run: ReturnType<typeof useSqlRun>['run'] }) {
  const [now, setNow] = useState(0)
  useEffect(() => {
    if (!run.running) return
    const timer = setInterval(() => setNow(Date.now()), 100)
    return () => clearInterval(timer)
  }, [run.running])
  if (run.running) {
    return <span role="status">{`running for ${durationText(Math.max(now - run.startedAt, 0))}`}</span>
  }
  if (run.cancelled) return <span role="status">cancelled</span>
  if (!run.answer) return null
  const { rows, elapsed_ms, rows_read, truncated } = run.answer
  return (
    <span className="quiet" role="status">
      {truncated ? 'first ' : ''}
      {count(rows.length)} row{rows.length === 1 ? '' : 's'} · {durationText(elapsed_ms)} · {count(rows_read)}{' '}
      read
    </span>
  )
}

function HistoryMenu({ onPick }: { onPick: (query: string) => void }) {
  const [open, setOpen] = useState(false)
  const past = open ? readHistory() : []
  return (
    <Menu opened={open} onChange={setOpen} position="bottom-start" width={520}>
      <Menu.Target>
        <Button leftSection={<History size={13} aria-hidden />}>History</Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
        {past.length === 0 && <Menu.Label>Statements that ran on this device appear here</Menu.Label>}
        {past.map((item) => (
          <Menu.Item
            key={item.at}
            onClick={() => onPick(item.query)}
            rightSection={<span className="unit">{ago(item.at, Date.now())}</span>}
          >
            <span className="mono cut" style={{ display: 'block', maxWidth: 380 }}>
              {item.query.replace(/\s+/g, ' ')}
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
