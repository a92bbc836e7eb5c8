/** The set-up snippets, as data: each is a function of where the server is, which project is meant and with which key. */
export interface Target {
  /** Base address of OTLP over HTTP, as the reader's browser reaches it. */
  http: string
  project: string
  /** Empty when the server asks for none. */
  key: string
}

interface Known {
  base: string
  project: string
  key: string
  /** Whether the project must be named: `default` is where records go anyway. */
  named: boolean
}

export interface SetUpSnippet {
  kind: string
  label: string
  group: 'Applications' | 'Collectors and agents' | 'By hand'
  text: (target: Known) => string[]
}

const otlpHeaders = ({ key, named, project }: Known): string[] => {
  const headers = [
    ...(key ? [`authorization=Bearer%20${key}`] : []),
    ...(named ? [`x-tapetum-project=${project}`] : []),
  ]
  return headers.length ? [`export OTEL_EXPORTER_OTLP_HEADERS="${headers.join(',')}"`] : []
}

/** What every OpenTelemetry SDK reads. */
const environment = (t: Known): string[] => [
  'export OTEL_SERVICE_NAME=my-service',
  `export OTEL_EXPORTER_OTLP_ENDPOINT=${t.base}`,
  'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
  ...otlpHeaders(t),
]

/** One `name: value` line for each header, as YAML wants them. */
const yamlHeaders = ({ key, named, project }: Known, indent: string): string[] => [
  ...(key ? [`${indent}authorization: "Bearer ${key}"`] : []),
  ...(named ? [`${indent}x-tapetum-project: "${project}"`] : []),
]

const yamlMap = (t: Known, indent: string, name = 'headers'): string[] => {
  const lines = yamlHeaders(t, `${indent}  `)
  return lines.length ? [`${indent}${name}:`, ...lines] : []
}

const curlHeaders = ({ key, named, project }: Known): string[] => [
  ...(key ? [`  -H 'authorization: Bearer ${key}' \\`] : []),
  ...(named ? [`  -H 'x-tapetum-project: ${project}' \\`] : []),
]

const RESOURCE = { attributes: [{ key: 'service.name', value: { stringValue: 'curl' } }] }
/** The shell leaves its quotes for these, so that every run sends a record of now. */
const SHELL = {
  NOW: `'$(date +%s)'000000000`,
  END: `'$(date +%s)'250000000`,
  TRACE: `'$(od -An -N16 -tx1 /dev/urandom | tr -d " \\n")'`,
  SPAN: `'$(od -An -N8 -tx1 /dev/urandom | tr -d " \\n")'`,
}

function curl(t: Known, path: string, request: object): string[] {
  const body = JSON.stringify(request).replace(/"(NOW|END|TRACE|SPAN)"/g, (_, word: string) => {
    return `"${SHELL[word as keyof typeof SHELL]}"`
  })
  return [
    `curl -i ${t.base}${path} \\`,
    `  -H 'content-type: application/json' \\`,
    ...curlHeaders(t),
    `  -d '${body}'`,
  ]
}

const logRecord = {
  timeUnixNano: 'NOW',
  severityNumber: 9,
  severityText: 'INFO',
  body: { stringValue: 'hello from curl' },
}
const span = {
  traceId: 'TRACE',
  spanId: 'SPAN',
  name: 'hello',
  kind: 1,
  startTimeUnixNano: 'NOW',
  endTimeUnixNano: 'END',
}

export const SNIPPETS: readonly SetUpSnippet[] = [
  {
    kind: 'python',
    label: 'Python',
    group: 'Applications',
    text: (t) => [
      'pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http',
      'opentelemetry-bootstrap -a install',
      '',
      ...environment(t).slice(0, 3),
      'export OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true',
      ...otlpHeaders(t),
      'opentelemetry-instrument python app.py',
    ],
  },
  {
    kind: 'openai',
    label: 'OpenAI in Python',
    group: 'Applications',
    text: (t) => [
      'pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http \\',
      '  openinference-instrumentation-openai',
      '',
      ...environment(t),
      'opentelemetry-instrument python app.py',
    ],
  },
  {
    kind: 'tapetum-sdk',
    label: 'Python, in code',
    group: 'Applications',
    text: ({ base, key, named, project }) => [
      '# pip install tapetum-sdk',
      'import tapetum',
      '',
      'tapetum.init(',
      '    service="my-service",',
      `    endpoint="${base}",`,
      ...(key ? [`    key="${key}",`] : []),
      ...(named ? [`    project="${project}",`] : []),
      ')',
    ],
  },
  { kind: 'any', label: 'Any language', group: 'Applications', text: environment },
  {
    kind: 'nodejs',
    label: 'Node.js',
    group: 'Applications',
    text: (t) => [
      'npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node',
      '',
      ...environment(t),
      'export OTEL_LOGS_EXPORTER=otlp OTEL_METRICS_EXPORTER=otlp',
      'node --require @opentelemetry/auto-instrumentations-node/register app.js',
    ],
  },
  {
    kind: 'java',
    label: 'Java',
    group: 'Applications',
    text: (t) => [
      '# opentelemetry-javaagent.jar: from the releases of opentelemetry-java-instrumentation',
      ...environment(t),
      'java -javaagent:opentelemetry-javaagent.jar -jar app.jar',
    ],
  },
  {
    kind: 'go',
    label: 'Go',
    group: 'Applications',
    text: (t) => [
      'go get go.opentelemetry.io/contrib/exporters/autoexport go.opentelemetry.io/otel/sdk',
      '# in main: exporter, err := autoexport.NewSpanExporter(ctx)',
      '#          provider := trace.NewTracerProvider(trace.WithBatcher(exporter))',
      ...environment(t),
      'go run .',
    ],
  },
  {
    kind: 'dotnet',
    label: '.NET',
    group: 'Applications',
    text: (t) => [
      'dotnet add package OpenTelemetry.Extensions.Hosting',
      'dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol',
      '# in Program.cs: builder.Services.AddOpenTelemetry().WithTracing().WithMetrics().UseOtlpExporter();',
      ...environment(t),
      'dotnet run',
    ],
  },
  {
    kind: 'collector',
    label: 'Collector',
    group: 'Collectors and agents',
    text: (t) => [
      'exporters:',
      '  otlphttp/tapetum:',
      `    endpoint: ${t.base}`,
      ...yamlMap(t, '    '),
      '',
      'service:',
      '  pipelines:',
      ...['traces', 'logs', 'metrics'].flatMap((signal) => [
        `    ${signal}:`,
        '      receivers: [otlp]',
        '      exporters: [otlphttp/tapetum]',
      ]),
    ],
  },
  {
    kind: 'alloy',
    label: 'Grafana Alloy (Loki)',
    group: 'Collectors and agents',
    text: (t) => [
      'loki.write "tapetum" {',
      '  endpoint {',
      `    url = "${t.base}/loki/api/v1/push"`,
      ...(t.key ? [`    bearer_token = "${t.key}"`] : []),
      ...(t.named ? [`    headers = {"x-tapetum-project" = "${t.project}"}`] : []),
      '  }',
      '}',
    ],
  },
  {
    kind: 'prometheus',
    label: 'Prometheus (remote write)',
    group: 'Collectors and agents',
    text: (t) => [
      'remote_write:',
      `  - url: ${t.base}/api/v1/write`,
      '    send_exemplars: true',
      '    send_native_histograms: true',
      ...(t.key ? ['    authorization:', `      credentials: "${t.key}"`] : []),
      ...(t.named ? ['    headers:', `      x-tapetum-project: "${t.project}"`] : []),
    ],
  },
  {
    kind: 'fluent-bit',
    label: 'Fluent Bit',
    group: 'Collectors and agents',
    text: (t) => {
      const url = new URL(t.base)
      const tls = url.protocol === 'https:'
      const headers = [
        ...(t.key ? [`        - authorization Bearer ${t.key}`] : []),
        ...(t.named ? [`        - x-tapetum-project ${t.project}`] : []),
      ]
      return [
        'pipeline:',
        '  outputs:',
        '    - name: opentelemetry',
        '      match: "*"',
        `      host: ${url.hostname}`,
        `      port: ${url.port || (tls ? 443 : 80)}`,
        ...(tls ? ['      tls: on'] : []),
        `      logs_uri: ${url.pathname.replace(/\/+$/, '')}/v1/logs`,
        ...(headers.length ? ['      header:', ...headers] : []),
      ]
    },
  },
  {
    kind: 'vector',
    label: 'Vector',
    group: 'Collectors and agents',
    text: (t) => [
      'sinks:',
      '  tapetum:',
      '    type: http',
      '    inputs: [my_source]',
      `    uri: ${t.base}/v1/logs`,
      '    encoding:',
      '      codec: json',
      '    framing:',
      '      method: newline_delimited',
      '    request:',
      '      headers:',
      '        content-type: application/x-ndjson',
      ...yamlHeaders(t, '        '),
    ],
  },
  {
    kind: 'curl-span',
    label: 'curl: a span',
    group: 'By hand',
    text: (t) =>
      curl(t, '/v1/traces', { resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ spans: [span] }] }] }),
  },
  {
    kind: 'curl',
    label: 'curl',
    group: 'By hand',
    text: (t) =>
      curl(t, '/v1/logs', {
        resourceLogs: [{ resource: RESOURCE, scopeLogs: [{ logRecords: [logRecord] }] }],
      }),
  },
  {
    kind: 'log-file',
    label: 'Log file',
    group: 'By hand',
    text: (t) => [
      ...(t.key ? [`export TAPETUM_KEY=${t.key}`] : []),
      `tapetum logs send --follow --url ${t.base}${t.named ? ` --project ${t.project}` : ''} --service my-service app.log`,
    ],
  },
  {
    kind: 'demo',
    label: 'Just show me',
    group: 'By hand',
    text: () => [
      '# another server on free ports, with a small shop, its traffic and its faults',
      'tapetum demo --port 0 --grpc-port 0',
    ],
  },
]

/** Every snippet's text by its kind. */
export function snippets({ http, project, key }: Target): Record<string, string> {
  const known: Known = {
    base: http.replace(/\/+$/, ''),
    project,
    key,
    named: project !== 'default',
  }
  return Object.fromEntries(SNIPPETS.map((s) => [s.kind, s.text(known).join('\n')]))
}

/** Where the reader's browser found this server: what stands behind a proxy does not know its own address. */
export function reachedAt(origin: string, said: string | null | undefined): string {
  const path = said ? new URL(said).pathname.replace(/\/+$/, '') : ''
  return `${origin}${path}`
}
