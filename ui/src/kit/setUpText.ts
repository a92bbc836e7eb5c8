/** The text of the set-up snippets. */
export type SnippetKind = 'python' | 'collector' | 'curl'

interface Target {
  /** Base address of OTLP over HTTP. */
  http: string
  project: string
  /** Empty when the server asks for none. */
  key: string
}

export function snippets({ http, project, key }: Target): Record<SnippetKind, string> {
  const base = http.replace(/\/+$/, '')
  const named = project !== 'default'
  const headers = [
    ...(key ? [`authorization=Bearer%20${key}`] : []),
    ...(named ? [`x-tapetum-project=${project}`] : []),
  ]
  const python = [
    'pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http',
    'opentelemetry-bootstrap -a install',
    '',
    'export OTEL_SERVICE_NAME=my-service',
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${base}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    'export OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true',
    ...(headers.length ? [`export OTEL_EXPORTER_OTLP_HEADERS="${headers.join(',')}"`] : []),
    'opentelemetry-instrument python app.py',
  ]
  const collectorHeaders = [
    ...(key ? [`      authorization: "Bearer ${key}"`] : []),
    ...(named ? [`      x-tapetum-project: "${project}"`] : []),
  ]
  const collector = [
    'exporters:',
    '  otlphttp/tapetum:',
    `    endpoint: ${base}`,
    ...(collectorHeaders.length ? ['    headers:', ...collectorHeaders] : []),
    '',
    'service:',
    '  pipelines:',
    ...['traces', 'logs', 'metrics'].flatMap((signal) => [
      `    ${signal}:`,
      '      receivers: [otlp]',
      '      exporters: [otlphttp/tapetum]',
    ]),
  ]
  const record = JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'curl' } }] },
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: 'NOW',
                severityNumber: 9,
                severityText: 'INFO',
                body: { stringValue: 'hello from curl' },
              },
            ],
          },
        ],
      },
    ],
  }).replace('NOW', `'$(date +%s)'000000000`)
  const curl = [
    `curl -i ${base}/v1/logs \\`,
    `  -H 'content-type: application/json' \\`,
    ...(key ? [`  -H 'authorization: Bearer ${key}' \\`] : []),
    ...(named ? [`  -H 'x-tapetum-project: ${project}' \\`] : []),
    `  -d '${record}'`,
  ]
  return { python: python.join('\n'), collector: collector.join('\n'), curl: curl.join('\n') }
}
