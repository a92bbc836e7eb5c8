/** A value that a page shows cut: how much of it, the whole of it into the page, or as a file. */
import { Button } from '@mantine/core'
import { Download } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { apiUrl, request, type Query } from '@/api/client'
import { bytes, characters, count } from './format'
import { Failure } from './states'

/** More than this is for a file, not for a page. In characters. */
const LOADABLE = 8 * 1024 * 1024

/** Where a value is whole. */
export interface Whole {
  /** In characters; `null` where the page has all of it. */
  length: number | null
  path: `/logs/${string}/value` | `/traces/${string}/spans/${string}/value`
  query: Query
}

/** `text`, whole once it was asked for, and the controls to ask. `download` also where nothing is cut. */
export function useWhole(
  text: string,
  whole: Whole | undefined,
  options: { download?: boolean; onLoad?: () => void } = {},
): { text: string; cut: boolean; controls: ReactNode; problem: ReactNode } {
  const [loaded, setLoaded] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  if (!whole) return { text, cut: false, controls: null, problem: null }
  const { path, query, length } = whole
  const cut = length !== null && loaded === null
  async function load() {
    setBusy(true)
    setFailure(null)
    try {
      setLoaded(await (await request('GET', path, { query })).text())
      options.onLoad?.()
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  const controls = (
    <>
      {cut && (
        <>
          <span className="quiet">
            Cut at {count(characters(text))} of {count(length)} characters.
          </span>
          {length <= LOADABLE && (
            <Button loading={busy} onClick={() => void load()}>
              Load whole
            </Button>
          )}
        </>
      )}
      {(length !== null || options.download) && (
        <Button
          component="a"
          href={apiUrl(path, query)}
          download
          leftSection={<Download size={13} aria-hidden />}
        >
          Download
        </Button>
      )}
    </>
  )
  const problem = failure !== null && <Failure error={failure} retry={() => void load()} />
  return { text: loaded ?? text, cut, controls, problem }
}

/** What came beyond the server's limit was never kept: nothing can bring it back. */
export function CutOnArrival({ limit }: { limit: number | undefined }) {
  if (!limit) return null
  return (
    <span className="k-badge warn" title="The sender sent more; the server keeps this much of one value">
      cut at {bytes(limit).replace('.00', '')} on arrival
    </span>
  )
}
