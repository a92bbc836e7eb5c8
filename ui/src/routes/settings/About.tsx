import { useQuery } from '@tanstack/react-query'
import { infoQuery } from '@/api/queries'
import { CopyButton } from '@/kit/Copy'
import { Failure, SkeletonRows } from '@/kit/states'

export function About() {
  const info = useQuery(infoQuery)
  if (info.isPending) return <SkeletonRows rows={6} label="Asking the server" />
  if (info.isError) return <Failure error={info.error} retry={() => void info.refetch()} />
  const { data } = info
  const rows: [string, string][] = [
    ['Version', data.version],
    ['OTLP over HTTP', data.otlp_http ?? location.origin],
    ['OTLP over gRPC', data.otlp_grpc ?? 'off'],
    ['Access', data.auth === 'open' ? 'open: on this machine only, no keys asked' : 'by key'],
    [
      'You are',
      data.identity ? `${data.identity.name} (${data.identity.scopes.join(', ')})` : 'not signed in',
    ],
    ['SQL', data.sql_enabled ? 'on for you' : 'off for you'],
  ]
  return (
    <section>
      <h2>Tapetum</h2>
      <p className="quiet">
        Traces, logs and metrics of ML and LLM systems, kept on your own machines. Apache-2.0.
      </p>
      <dl className="k-dl settings-about">
        {rows.map(([name, value]) => (
          <div key={name} className="settings-pair">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="row">
        <a href="/api/openapi.json" target="_blank" rel="noreferrer">
          API description
        </a>
        <a href="/metrics" target="_blank" rel="noreferrer">
          The server’s own metrics
        </a>
        <CopyButton text={rows.map(([k, v]) => `${k}: ${v}`).join('\n')} label="Copy for a bug report" />
      </p>
    </section>
  )
}
