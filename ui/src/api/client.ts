/** One place that talks HTTP: base path, project, errors in the server's own shape. */

export type Query = Record<string, string | number | boolean | undefined | null>

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly hint: string | undefined
  readonly request: string

  constructor(status: number, request: string, body: unknown) {
    const error = (body as { error?: Record<string, string> } | null)?.error
    super(error?.message ?? (status ? `The server answered ${status}` : 'The server cannot be reached'))
    this.status = status
    this.request = request
    this.code = error?.code ?? (status ? `http_${status}` : 'unreachable')
    this.field = error?.field
    this.hint = error?.hint
  }
}

export function apiUrl(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value))
  }
  const text = params.toString()
  return `/api/v1${path}${text ? `?${text}` : ''}`
}

type Unauthorised = () => void
let onUnauthorised: Unauthorised = () => undefined
/** The shell shows the login screen when any request is answered 401. */
export function whenUnauthorised(handler: Unauthorised): void {
  onUnauthorised = handler
}

interface Options {
  query?: Query
  body?: unknown
  signal?: AbortSignal
}

export async function request(method: string, path: string, options: Options = {}): Promise<Response> {
  const url = apiUrl(path, options.query)
  const shown = `${method} ${url}`
  const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } }
  if (options.signal) init.signal = options.signal
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body)
    init.headers = { accept: 'application/json', 'content-type': 'application/json' }
  }
  let response: Response
  try {
    response = await fetch(url, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, shown, null)
  }
  if (!response.ok) {
    if (response.status === 401 && path !== '/session') onUnauthorised()
    const body: unknown = await response.json().catch(() => null)
    throw new ApiError(response.status, shown, body)
  }
  return response
}

async function json<T>(method: string, path: string, options: Options): Promise<T> {
  const response = await request(method, path, options)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    json<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) }),
  post: <T>(path: string, body: unknown, signal?: AbortSignal) =>
    json<T>('POST', path, { body, ...(signal ? { signal } : {}) }),
  patch: <T>(path: string, body: unknown) => json<T>('PATCH', path, { body }),
  delete: <T>(path: string) => json<T>('DELETE', path, {}),
}
