import { useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { travelling, useView } from '@/kit/view'

/** A link to a page that the server named: a path, and what else stands in the address beside the project. */
export function Go({
  link,
  className,
  children,
}: {
  link: { path: string; search: Record<string, string> }
  className?: string
  children: ReactNode
}) {
  const router = useRouter()
  const { search } = useView()
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries({ project: travelling(search).project, ...link.search })) {
    if (value) params.set(key, value)
  }
  const text = params.toString()
  const href = `${link.path}${text ? `?${text}` : ''}`
  return (
    <a
      href={href}
      className={className}
      onClick={(event) => {
        // A new tab or window is the browser's to open.
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
        event.preventDefault()
        router.history.push(href)
      }}
    >
      {children}
    </a>
  )
}
