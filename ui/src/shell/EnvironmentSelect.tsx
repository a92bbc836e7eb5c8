import { Select } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { facetsQuery } from '@/api/queries'
import { ENVIRONMENT_KEYS, environmentOf, withEnvironment } from '@/kit/environment'
import { useView } from '@/kit/view'
import type { PageEntry } from './pages'

/** Which environment the page speaks of. Absent where there is only one, because then there is nothing to choose. */
export function EnvironmentSelect({ signal }: { signal: NonNullable<PageEntry['signal']> }) {
  const { scope, setQ } = useView()
  const facets = useQuery({
    ...facetsQuery(signal, { ...scope, q: '' }, ENVIRONMENT_KEYS.join(','), 50),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  })
  const named = facets.data?.facets
    .map(({ key, values }) => ({ key, names: values.map((v) => v.value).filter(Boolean) }))
    .find(({ names }) => names.length > 0)
  const chosen = environmentOf(scope.q)
  const names = [...new Set([...(named?.names ?? []), ...(chosen ? [chosen] : [])])].sort()
  if (names.length < 2 && !chosen) return null
  return (
    <Select
      className="s-environment"
      aria-label="Environment"
      placeholder="Several environments"
      data={[
        { value: '', label: 'All environments' },
        ...names.map((name) => ({ value: name, label: name })),
      ]}
      value={chosen ?? null}
      allowDeselect={false}
      searchable={names.length > 8}
      onChange={(value) => setQ(withEnvironment(scope.q, named?.key ?? ENVIRONMENT_KEYS[0], value ?? ''))}
    />
  )
}
