/** One lazy route per page; the search part of the URL is the state, kept readable. */
import { QueryClient } from '@tanstack/react-query'
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ErrorComponentProps,
} from '@tanstack/react-router'
import { ApiError } from './api/client'
import { Failure } from './kit/states'
import { text, validateCommon } from './kit/view'
import { variablesOf } from './kit/variables'
import { NotFound } from './shell/NotFound'
import { Shell } from './shell/Shell'

type Raw = Record<string, unknown>
type Texts<K extends string> = { [key in K]?: string | undefined }

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      staleTime: 5_000,
      // A refusal is an answer; only a lost connection or an overloaded server is worth another try.
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.status === 0 || error.status === 503),
    },
  },
})

const TRACE_VIEWS = ['flame', 'thread', 'graph'] as const
type TraceView = (typeof TRACE_VIEWS)[number]

const root = createRootRoute({
  component: Shell,
  validateSearch: validateCommon,
  notFoundComponent: NotFound,
})

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./routes/welcome/IndexPage'), 'IndexPage'),
})

const health = createRoute({
  getParentRoute: () => root,
  path: '/health',
  component: lazyRouteComponent(() => import('./routes/health/HealthPage'), 'HealthPage'),
})

const traces = createRoute({
  getParentRoute: () => root,
  path: '/traces',
  validateSearch: (
    raw: Raw,
  ): { view?: 'spans' | undefined; chart?: 'count' | undefined } & Texts<'sort' | 'sel' | 'marks'> => ({
    /** Rows are traces unless `spans`. */
    view: raw.view === 'spans' ? ('spans' as const) : undefined,
    sort: text(raw.sort),
    /** Trace (or trace/span) in the drawer. */
    sel: text(raw.sel),
    /** Traces that are marked for a comparison, with a comma. */
    marks: text(raw.marks),
    chart: raw.chart === 'count' ? ('count' as const) : undefined,
  }),
  component: lazyRouteComponent(() => import('./routes/traces/TracesPage'), 'TracesPage'),
})

const trace = createRoute({
  getParentRoute: () => root,
  path: '/traces/$traceId',
  validateSearch: (
    raw: Raw,
  ): { view?: TraceView | undefined } & Texts<'span' | 'tab' | 'find' | 'hl'> & {
      res?: '1' | undefined
      noise?: '1' | undefined
    } => ({
    view: TRACE_VIEWS.find((view) => view === raw.view),
    span: text(raw.span),
    tab: text(raw.tab),
    find: text(raw.find),
    /** The filter of the page before: its words are marked in what was said. */
    hl: text(raw.hl),
    /** Whether internal spans of agents are shown. */
    noise: raw.noise === '1' ? ('1' as const) : undefined,
    /** Whether the hosts and processes are shown under the spans. */
    res: raw.res === '1' ? ('1' as const) : undefined,
  }),
  component: lazyRouteComponent(() => import('./routes/trace/TracePage'), 'TracePage'),
})

const compare = createRoute({
  getParentRoute: () => root,
  path: '/traces/compare',
  validateSearch: (raw: Raw): Texts<'a' | 'b' | 'sel' | 'sort'> & { only?: '1' | undefined } => ({
    a: text(raw.a),
    b: text(raw.b),
    /** Span ids of the row in the drawer. */
    sel: text(raw.sel),
    sort: text(raw.sort),
    only: raw.only === '1' ? '1' : undefined,
  }),
  component: lazyRouteComponent(() => import('./routes/compare/ComparePage'), 'ComparePage'),
})

const logs = createRoute({
  getParentRoute: () => root,
  path: '/logs',
  validateSearch: (raw: Raw): Texts<'sort' | 'sel' | 'tab' | 'lines'> => ({
    sort: text(raw.sort),
    /** Time and id of the record in the drawer. */
    sel: text(raw.sel),
    tab: text(raw.tab),
    lines: text(raw.lines),
  }),
  component: lazyRouteComponent(() => import('./routes/logs/LogsPage'), 'LogsPage'),
})

const metrics = createRoute({
  getParentRoute: () => root,
  // Not `/metrics`: that is where Prometheus reads the server's own.
  path: '/metrics-explorer',
  validateSearch: (
    raw: Raw,
  ): Texts<'name' | 'kind' | 'agg' | 'quantile' | 'by' | 'compare' | 'find' | 'order'> => ({
    name: text(raw.name),
    /** Type and unit, where the name alone does not say which metric is meant. */
    kind: text(raw.kind),
    agg: text(raw.agg),
    quantile: text(raw.quantile),
    by: text(raw.by),
    compare: text(raw.compare),
    find: text(raw.find),
    order: text(raw.order),
  }),
  component: lazyRouteComponent(() => import('./routes/metrics/MetricsPage'), 'MetricsPage'),
})

const services = createRoute({
  getParentRoute: () => root,
  path: '/services',
  validateSearch: (raw: Raw): Texts<'sort'> => ({ sort: text(raw.sort) }),
  component: lazyRouteComponent(() => import('./routes/services/ServicesPage'), 'ServicesPage'),
})

const serviceMap = createRoute({
  getParentRoute: () => root,
  // Not `/services/map`: that is the page of a service called map.
  path: '/services-map',
  validateSearch: (raw: Raw): { view?: 'edges' | undefined } => ({
    view: raw.view === 'edges' ? ('edges' as const) : undefined,
  }),
  component: lazyRouteComponent(() => import('./routes/services/ServicesPage'), 'ServiceMapPage'),
})

const service = createRoute({
  getParentRoute: () => root,
  path: '/services/$service',
  component: lazyRouteComponent(() => import('./routes/services/ServicePage'), 'ServicePage'),
})

const listed = (raw: Raw): Texts<'sort' | 'sel'> => ({
  sort: text(raw.sort),
  /** The one in the drawer. */
  sel: text(raw.sel),
})
// Ids of sessions and users may be of any characters and as long as they like: never a part of the path.
const byId = (raw: Raw): Texts<'id' | 'order'> => ({ id: text(raw.id), order: text(raw.order) })

const sessions = createRoute({
  getParentRoute: () => root,
  path: '/sessions',
  validateSearch: listed,
  component: lazyRouteComponent(() => import('./routes/sessions/SessionsPage'), 'SessionsPage'),
})

const session = createRoute({
  getParentRoute: () => root,
  path: '/sessions/one',
  validateSearch: byId,
  component: lazyRouteComponent(() => import('./routes/sessions/SessionPage'), 'SessionPage'),
})

const users = createRoute({
  getParentRoute: () => root,
  path: '/users',
  validateSearch: listed,
  component: lazyRouteComponent(() => import('./routes/sessions/SessionsPage'), 'UsersPage'),
})

const user = createRoute({
  getParentRoute: () => root,
  path: '/users/one',
  validateSearch: byId,
  component: lazyRouteComponent(() => import('./routes/sessions/UserPage'), 'UserPage'),
})

const llm = createRoute({
  getParentRoute: () => root,
  path: '/llm',
  validateSearch: (raw: Raw): Texts<'by' | 'sort'> => ({ by: text(raw.by), sort: text(raw.sort) }),
  component: lazyRouteComponent(() => import('./routes/llm/LlmPage'), 'LlmPage'),
})

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: (raw: Raw): Texts<'sort'> => ({ sort: text(raw.sort) }),
  component: lazyRouteComponent(() => import('./routes/models/ModelsPage'), 'ModelsPage'),
})

const MODEL_VIEWS = ['performance', 'slices', 'drift', 'embeddings', 'predictions', 'versions'] as const

type Drifting = 'method' | 'limit' | 'chunk' | 'multi'
type Measuring = 'at' | 'worth' | 'rank' | 'weighed'
type Compared = 'champion' | 'challenger' | 'pair' | 'flip'
type Sliced = 'by' | 'cross' | 'where'

const model = createRoute({
  getParentRoute: () => root,
  // A model's name may hold anything, a slash too.
  path: '/models/one',
  validateSearch: (
    raw: Raw,
  ): { view?: (typeof MODEL_VIEWS)[number] | undefined } & Texts<
    | 'name'
    | 'sort'
    | 'sel'
    | 'version'
    | 'base'
    | 'metric'
    | 'feature'
    | 'area'
    | Sliced
    | Drifting
    | Measuring
    | Compared
  > => ({
    name: text(raw.name),
    version: text(raw.version),
    /** What drift and estimates are held against: `day`, `week`, `half`, `version:NAME` or `FROM..TO`. */
    base: text(raw.base),
    /** The column whose values are shown apart. */
    by: text(raw.by),
    cross: text(raw.cross),
    /** Slices in SQL, one a line. */
    where: text(raw.where),
    metric: text(raw.metric),
    champion: text(raw.champion),
    challenger: text(raw.challenger),
    /** What names a request in both versions. */
    pair: text(raw.pair),
    /** Which changed answers are listed: `fixed`, `broken`, or `SAID > SAYS` as JSON. */
    flip: text(raw.flip),
    /** The embedding that is drawn, and the outline of the points that are chosen. */
    feature: text(raw.feature),
    area: text(raw.area),
    /** How drift is measured: by what, above which value (`0.2`, or `3std`), in which chunks (`60m`, or `500`). */
    method: text(raw.method),
    limit: text(raw.limit),
    chunk: text(raw.chunk),
    /** `1`: all columns together too. */
    multi: text(raw.multi),
    /** A threshold, and what one answer of each kind is worth: `5,-2,0,-9`. */
    at: text(raw.at),
    worth: text(raw.worth),
    /** The column within whose values predictions are ranked. */
    rank: text(raw.rank),
    /** Whether the estimate's baseline is weighed as the window's features are mixed. */
    weighed: text(raw.weighed),
    view: MODEL_VIEWS.find((view) => view === raw.view),
    sort: text(raw.sort),
    /** The prediction, or the feature, in the drawer. */
    sel: text(raw.sel),
  }),
  component: lazyRouteComponent(() => import('./routes/models/ModelPage'), 'ModelPage'),
})

const dataQuality = createRoute({
  getParentRoute: () => root,
  path: '/data-quality',
  validateSearch: (
    raw: Raw,
  ): { view?: 'schema' | 'findings' | undefined } & Texts<
    | 'dataset'
    | 'model'
    | 'model_version'
    | 'slice'
    | 'base'
    | 'env'
    | 'sort'
    | 'find'
    | 'sel'
    | 'version'
    | 'against'
  > => ({
    /** Whose features are shown; the list without either. */
    dataset: text(raw.dataset),
    model: text(raw.model),
    model_version: text(raw.model_version),
    slice: text(raw.slice),
    /** What it is held against: `before`, `none`, or another subject. */
    base: text(raw.base),
    /** Which of the schema's environments it is held against. */
    env: text(raw.env),
    view: raw.view === 'schema' || raw.view === 'findings' ? raw.view : undefined,
    sort: text(raw.sort),
    find: text(raw.find),
    /** The feature or finding in the drawer. */
    sel: text(raw.sel),
    /** Of the schema. */
    version: text(raw.version),
    against: text(raw.against),
  }),
  component: lazyRouteComponent(() => import('./routes/quality/QualityPage'), 'QualityPage'),
})

const errors = createRoute({
  getParentRoute: () => root,
  path: '/errors',
  validateSearch: (raw: Raw): Texts<'sort' | 'sel'> => ({
    sort: text(raw.sort),
    /** Fingerprint of the error in the drawer. */
    sel: text(raw.sel),
  }),
  component: lazyRouteComponent(() => import('./routes/errors/ErrorsPage'), 'ErrorsPage'),
})

const error = createRoute({
  getParentRoute: () => root,
  path: '/errors/$fingerprint',
  component: lazyRouteComponent(() => import('./routes/errors/ErrorPage'), 'ErrorPage'),
})

const prompts = createRoute({
  getParentRoute: () => root,
  path: '/prompts',
  validateSearch: (raw: Raw): Texts<'name' | 'version' | 'against'> => ({
    /** The prompt that is open; the list without it. Names have slashes. */
    name: text(raw.name),
    version: text(raw.version),
    against: text(raw.against),
  }),
  component: lazyRouteComponent(() => import('./routes/prompts/PromptsPage'), 'PromptsPage'),
})

const review = createRoute({
  getParentRoute: () => root,
  path: '/review',
  validateSearch: (raw: Raw): Texts<'what' | 'score' | 'sample' | 'low' | 'below' | 'order' | 'item'> => ({
    /** `trace` or `session`; spans without it. */
    what: text(raw.what),
    /** The score that is given; thumbs without it. */
    score: text(raw.score),
    sample: text(raw.sample),
    low: text(raw.low),
    below: text(raw.below),
    order: text(raw.order),
    /** What is looked at. */
    item: text(raw.item),
  }),
  component: lazyRouteComponent(() => import('./routes/review/ReviewPage'), 'ReviewPage'),
})

const datasets = createRoute({
  getParentRoute: () => root,
  path: '/datasets',
  validateSearch: (raw: Raw): Texts<'name' | 'version' | 'against' | 'item'> => ({
    /** The dataset that is open; the list without it. Names have slashes. */
    name: text(raw.name),
    version: text(raw.version),
    against: text(raw.against),
    /** The item in the drawer. */
    item: text(raw.item),
  }),
  component: lazyRouteComponent(() => import('./routes/datasets/DatasetsPage'), 'DatasetsPage'),
})

const evaluations = createRoute({
  getParentRoute: () => root,
  path: '/evaluations',
  validateSearch: (
    raw: Raw,
  ): { view?: 'rows' | undefined } & Texts<'score' | 'by' | 'sort' | 'sel' | 'span_key' | 'span_value'> => ({
    /** The evaluations themselves; the scores by name without it. */
    view: raw.view === 'rows' ? ('rows' as const) : undefined,
    score: text(raw.score),
    by: text(raw.by),
    sort: text(raw.sort),
    /** Evaluation in the drawer. */
    sel: text(raw.sel),
    /** Only of spans that have this value. */
    span_key: text(raw.span_key),
    span_value: text(raw.span_value),
  }),
  component: lazyRouteComponent(() => import('./routes/evaluations/EvaluationsPage'), 'EvaluationsPage'),
})

const dashboards = createRoute({
  getParentRoute: () => root,
  path: '/dashboards',
  component: lazyRouteComponent(() => import('./routes/dashboards/DashboardsPage'), 'DashboardsPage'),
})

const dashboard = createRoute({
  getParentRoute: () => root,
  path: '/dashboards/$id',
  validateSearch: (raw: Raw): { edit?: '1' | undefined } & Record<`var.${string}`, string> => ({
    edit: raw.edit === '1' ? '1' : undefined,
    ...variablesOf(raw),
  }),
  component: lazyRouteComponent(() => import('./routes/dashboards/DashboardPage'), 'DashboardPage'),
})

const monitors = createRoute({
  getParentRoute: () => root,
  path: '/monitors',
  validateSearch: (raw: Raw): Texts<'state'> => ({ state: text(raw.state) }),
  component: lazyRouteComponent(() => import('./routes/monitors/MonitorsPage'), 'MonitorsPage'),
})

const newMonitor = createRoute({
  getParentRoute: () => root,
  path: '/monitors/new',
  validateSearch: (raw: Raw): Texts<'watch' | 'name'> => ({
    /** A saved query or a whole definition, as JSON. */
    watch: text(raw.watch),
    name: text(raw.name),
  }),
  component: lazyRouteComponent(() => import('./routes/monitors/EditorPage'), 'NewMonitorPage'),
})

const monitor = createRoute({
  getParentRoute: () => root,
  path: '/monitors/$id',
  component: lazyRouteComponent(() => import('./routes/monitors/MonitorPage'), 'MonitorPage'),
})

const editMonitor = createRoute({
  getParentRoute: () => root,
  path: '/monitors/$id/edit',
  component: lazyRouteComponent(() => import('./routes/monitors/EditorPage'), 'EditMonitorPage'),
})

const ingest = createRoute({
  getParentRoute: () => root,
  path: '/ingest',
  component: lazyRouteComponent(() => import('./routes/ingest/IngestPage'), 'IngestPage'),
})

const sql = createRoute({
  getParentRoute: () => root,
  path: '/sql',
  validateSearch: (raw: Raw): Texts<'sql'> => ({ sql: text(raw.sql) }),
  component: lazyRouteComponent(() => import('./routes/sql/SqlPage'), 'SqlPage'),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: (raw: Raw): Texts<'tab' | 'since'> => ({
    tab: text(raw.tab),
    /** How far back what was redacted is counted. */
    since: text(raw.since),
  }),
  component: lazyRouteComponent(() => import('./routes/settings/SettingsPage'), 'SettingsPage'),
})

function RouteError({ error, reset }: ErrorComponentProps) {
  return (
    <main>
      <Failure error={error} retry={reset} />
    </main>
  )
}

export const router = createRouter({
  routeTree: root.addChildren([
    index,
    health,
    traces,
    compare,
    trace,
    logs,
    metrics,
    services,
    serviceMap,
    service,
    sessions,
    session,
    users,
    user,
    llm,
    models,
    model,
    dataQuality,
    errors,
    error,
    prompts,
    evaluations,
    review,
    datasets,
    dashboards,
    dashboard,
    monitors,
    newMonitor,
    monitor,
    editMonitor,
    ingest,
    sql,
    settings,
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: RouteError,
  // Plain `key=value`: a person can read, write and shorten the address.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const params = new URLSearchParams()
    for (const [key, value] of Object.entries(search)) {
      if (value !== undefined && value !== null && value !== '') params.set(key, String(value))
    }
    const out = params.toString()
    return out ? `?${out}` : ''
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
