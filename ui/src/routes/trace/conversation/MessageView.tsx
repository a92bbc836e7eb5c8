import { Bot, Settings2, User, Wrench, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { MessagePart } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { PartView } from './Parts'

const ROLES: Record<string, { icon: LucideIcon; word: string }> = {
  system: { icon: Settings2, word: 'System' },
  user: { icon: User, word: 'User' },
  assistant: { icon: Bot, word: 'Assistant' },
  tool: { icon: Wrench, word: 'Tool result' },
}

/** One message: whose it is, and its parts. */
export function MessageView(p: {
  role: string
  parts: MessagePart[]
  isNew?: boolean
  name?: string | undefined
  aside?: ReactNode
}) {
  const role = ROLES[p.role]
  const Icon = role?.icon ?? User
  return (
    <article className={`c-message ${p.role in ROLES ? p.role : 'other'}${p.isNew ? ' new' : ''}`}>
      <div className="cv-head">
        <Icon size={13} aria-hidden />
        <b>
          <Isolated text={role?.word ?? p.role} />
        </b>
        {p.name && (
          <span className="quiet">
            <Isolated text={p.name} />
          </span>
        )}
        {p.isNew && <span className="k-badge">new</span>}
        <span className="grow" />
        {p.aside}
      </div>
      {p.parts.map((part, i) => (
        <PartView key={i} part={part} />
      ))}
      {p.parts.length === 0 && <p className="quiet">Nothing was said.</p>}
    </article>
  )
}
