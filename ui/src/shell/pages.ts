/** The pages that exist, in the order of the rail. */
import {
  Activity,
  BellRing,
  BrainCircuit,
  Bug,
  ChartSpline,
  ClipboardCheck,
  Coins,
  Database,
  HeartPulse,
  Inbox,
  LayoutDashboard,
  ListChecks,
  MessageSquareQuote,
  MessagesSquare,
  ScrollText,
  Settings,
  ShieldCheck,
  Terminal,
  UsersRound,
  Waypoints,
  type LucideIcon,
} from 'lucide-react'
import { travelling, type CommonSearch } from '@/kit/view'

export interface PageEntry {
  to:
    | '/health'
    | '/traces'
    | '/sessions'
    | '/logs'
    | '/metrics-explorer'
    | '/services'
    | '/llm'
    | '/users'
    | '/models'
    | '/data-quality'
    | '/errors'
    | '/prompts'
    | '/evaluations'
    | '/review'
    | '/datasets'
    | '/dashboards'
    | '/monitors'
    | '/ingest'
    | '/sql'
    | '/settings'
  label: string
  icon: LucideIcon
  /** Second key after `g`. */
  key: string
  /** Which parts of the top bar mean something there. */
  time: boolean
  live: boolean
  /** The filter that it starts with. */
  q?: string
  /** Whose environments can be chosen. */
  signal?: 'spans' | 'logs' | 'metrics' | 'errors'
}

export const PAGES: PageEntry[] = [
  { to: '/health', label: 'Health', icon: HeartPulse, key: 'h', time: false, live: false },
  { to: '/traces', label: 'Traces', icon: Activity, key: 't', time: true, live: true, signal: 'spans' },
  {
    to: '/sessions',
    label: 'Sessions',
    icon: MessagesSquare,
    key: 'n',
    time: true,
    live: true,
    signal: 'spans',
  },
  { to: '/logs', label: 'Logs', icon: ScrollText, key: 'l', time: true, live: true, signal: 'logs' },
  {
    to: '/metrics-explorer',
    label: 'Metrics',
    icon: ChartSpline,
    key: 'm',
    time: true,
    live: false,
    signal: 'metrics',
  },
  { to: '/services', label: 'Services', icon: Waypoints, key: 'v', time: true, live: true, signal: 'spans' },
  { to: '/llm', label: 'LLM', icon: Coins, key: 'c', time: true, live: true, signal: 'spans' },
  { to: '/users', label: 'Users', icon: UsersRound, key: 'u', time: true, live: true, signal: 'spans' },
  { to: '/models', label: 'Models', icon: BrainCircuit, key: 'o', time: true, live: true },
  { to: '/data-quality', label: 'Data quality', icon: ShieldCheck, key: 'f', time: true, live: false },
  { to: '/errors', label: 'Errors', icon: Bug, key: 'x', time: true, live: true, signal: 'errors' },
  { to: '/prompts', label: 'Prompts', icon: MessageSquareQuote, key: 'p', time: true, live: false },
  { to: '/evaluations', label: 'Evaluations', icon: ClipboardCheck, key: 'q', time: true, live: true },
  {
    to: '/review',
    label: 'Review',
    icon: ListChecks,
    key: 'r',
    time: true,
    live: false,
    // Answers are what people judge; of every request nobody could.
    q: 'kind:llm',
    signal: 'spans',
  },
  { to: '/datasets', label: 'Datasets', icon: Database, key: 'k', time: false, live: false },
  { to: '/dashboards', label: 'Dashboards', icon: LayoutDashboard, key: 'd', time: true, live: true },
  { to: '/monitors', label: 'Monitors', icon: BellRing, key: 'a', time: true, live: false },
  { to: '/ingest', label: 'Ingest', icon: Inbox, key: 'i', time: true, live: true },
  { to: '/sql', label: 'SQL', icon: Terminal, key: 's', time: false, live: false },
  { to: '/settings', label: 'Settings', icon: Settings, key: 'e', time: false, live: false },
]

/** What goes along to a page from wherever one is. */
export function searchFor(page: PageEntry, search: CommonSearch): CommonSearch {
  const keep = travelling(search)
  return { ...keep, q: [keep.q, page.q].filter(Boolean).join(' ') || undefined }
}
