import {
  Bot,
  Box,
  Brain,
  Braces,
  Database,
  GitFork,
  Globe,
  ListChecks,
  MessageSquareText,
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
  retriever: Database,
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
const BY_SPAN_KIND: Record<string, LucideIcon> = {
  server: Globe,
  client: Globe,
  producer: Radio,
  consumer: Radio,
}

/** What the span does, by icon and hue; the word is in the title. */
export function KindIcon(p: { kind: string; spanKind: string; service: string }) {
  const Icon = ICONS[p.kind] ?? BY_SPAN_KIND[p.spanKind] ?? Box
  const word = p.kind && p.kind !== 'span' ? p.kind : p.spanKind
  return (
    <span className="t-kind" style={{ color: spanColour(p.kind, p.service) }} title={`${word}, ${p.service}`}>
      <Icon size={13} aria-hidden />
    </span>
  )
}
