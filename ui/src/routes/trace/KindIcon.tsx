import {
  ArrowRightFromLine,
  ArrowRightToLine,
  Bot,
  Box,
  Brain,
  Braces,
  Database,
  FileSearch,
  GitFork,
  Globe,
  ListChecks,
  MessageSquareText,
  MessagesSquare,
  PhoneCall,
  Radio,
  Scale,
  Shield,
  Sparkles,
  Waypoints,
  Wrench,
  type LucideIcon,
} from 'lucide-react'
import { spanColour } from '@/kit/colour'

const ICONS: Record<string, LucideIcon> = {
  agent: Bot,
  llm: Sparkles,
  tool: Wrench,
  retriever: FileSearch,
  embedding: Braces,
  reranker: Scale,
  guardrail: Shield,
  evaluator: ListChecks,
  chain: GitFork,
  workflow: Waypoints,
  prompt: MessageSquareText,
  memory: Brain,
  task: ListChecks,
}
/** OpenTelemetry's semantic conventions, as the server tells them by the span's attributes. */
const BY_CONVENTION: Record<string, { icon: LucideIcon; word: string }> = {
  db: { icon: Database, word: 'database' },
  messaging: { icon: MessagesSquare, word: 'messaging' },
  rpc: { icon: PhoneCall, word: 'remote call' },
  http: { icon: Globe, word: 'HTTP' },
}
const BY_SPAN_KIND: Record<string, LucideIcon> = {
  server: ArrowRightFromLine,
  client: ArrowRightToLine,
  producer: Radio,
  consumer: Radio,
}

/** What the span does, by icon and hue; the word is in the title. */
export function KindIcon(p: { kind: string; spanKind: string; convention?: string; service: string }) {
  const follows = BY_CONVENTION[p.convention ?? '']
  const Icon = ICONS[p.kind] ?? follows?.icon ?? BY_SPAN_KIND[p.spanKind] ?? Box
  const own = p.kind && p.kind !== 'span'
  const word = own ? p.kind : follows ? `${follows.word} ${p.spanKind}` : p.spanKind
  return (
    <span className="t-kind" style={{ color: spanColour(p.kind, p.service) }} title={`${word}, ${p.service}`}>
      <Icon size={13} aria-hidden />
    </span>
  )
}
