import { ActionIcon, Tooltip } from '@mantine/core'
import { PanelLeftOpen } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Facets } from './Facets'
import { usePref } from './prefs'
import { useView } from './view'

/** The facets of an explorer and the button that brings them: beside the rows unless hidden, on a phone over them. */
export function useFacets(
  signal: Parameters<typeof Facets>[0]['signal'],
  within?: string,
): {
  facets: ReactNode
  show: ReactNode
} {
  const { scope, setQ } = useView()
  const [hidden, setHidden] = usePref('facets-hidden', '')
  const [open, setOpen] = useState(false)
  return {
    facets: (!hidden || open) && (
      <Facets
        scope={scope}
        within={within}
        signal={signal}
        open={open}
        onChange={setQ}
        onClose={() => (open ? setOpen(false) : setHidden('1'))}
      />
    ),
    show: (
      <Tooltip label="Show facets">
        <ActionIcon
          className={hidden ? '' : 'k-narrow'}
          aria-label="Show facets"
          onClick={() => {
            setHidden('')
            setOpen(true)
          }}
        >
          <PanelLeftOpen size={14} />
        </ActionIcon>
      </Tooltip>
    ),
  }
}
