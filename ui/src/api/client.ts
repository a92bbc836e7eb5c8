/** One place that talks HTTP: base path, errors in the server's own shape, only routes that the server has. */
import type { paths } from './schema'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
/** `/v1/traces/{trace_id}` as `/traces/${string}`. */
type Filled<P extends string> = P extends `${infer A}{${string}}${infer B}` ? `${A}${string}${Filled<B>}` : P
type Short<P> = P extends `/v1${infer Rest}` ? Filled<Rest> : never
/** Routes with this method, from the OpenAPI document: a route that goes away fails the type check here. */
type Route<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? Short<P> : never
}[keyof paths]
export type GetRoute = Route<'get'>
type AnyRoute = GetRoute | Route<'post'> | Route<'put'> | Route<'patch'> | Route<'delete'>

/** A list is the same name several times. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined | null>

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

export function apiUrl(path: AnyRoute, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const each of value) params.append(key, String(each))
    else if (value !== undefined && value !== null && value !== '') params.set(key, String(value))
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

export async function request(method: string, path: AnyRoute, options: Options = {}): Promise<Response> {
  const url = apiUrl(path, options.query)
  const shown = `${method} ${url}`
  const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } }
  if (options.signal) init.signal = options.signal
  if (options.body instanceof Blob) {
    init.body = options.body
    init.headers = { accept: 'application/json', 'content-type': 'application/octet-stream' }
  } else if (options.body !== undefined) {
    // A text is a file that the reader chose: the server says what is wrong with it.
    init.body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
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

async function json<T>(method: string, path: AnyRoute, options: Options): Promise<T> {
  const response = await request(method, path, options)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

export const api = {
  get: <T>(path: Route<'get'>, query?: Query, signal?: AbortSignal) =>
    json<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) }),
  post: <T>(path: Route<'post'>, body: unknown, signal?: AbortSignal, query?: Query) =>
    json<T>('POST', path, { body, ...(signal ? { signal } : {}), ...(query ? { query } : {}) }),
  put: <T>(path: Route<'put'>, body: unknown, query?: Query) =>
    json<T>('PUT', path, { body, ...(query ? { query } : {}) }),
  patch: <T>(path: Route<'patch'>, body: unknown) => json<T>('PATCH', path, { body }),
  delete: <T>(path: Route<'delete'>, query?: Query) => json<T>('DELETE', path, query ? { query } : {}),
}
