/** The way from a trace to the same request another time. */
import { Button, Popover } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { GitCompareArrows } from 'lucide-react'
import { useState } from 'react'
import { useShortcuts } from '@/kit/keys'
import { travelling } from '@/kit/view'
import { Choose } from '../compare/Choose'
import '../compare/compare.css'

export function CompareWith({ project, traceId }: { project: string; traceId: string }) {
  const [open, setOpen] = useState(false)
  const navigate = useNavigate()
  useShortcuts('Trace', [{ keys: 'x', label: 'Compare with…', run: () => setOpen(true) }])
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={380} trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<GitCompareArrows size={13} aria-hidden />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          Compare with…
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Which trace">
        <Choose
          project={project}
          traceId={traceId}
          onChoose={(a) =>
            void navigate({ to: '/traces/compare', search: (old) => ({ ...travelling(old), a, b: traceId }) })
          }
        />
      </Popover.Dropdown>
    </Popover>
  )
}
