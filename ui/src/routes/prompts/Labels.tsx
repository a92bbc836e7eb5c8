import { Tag } from 'lucide-react'

/** Labels with the version that each stands at. */
export function Labels({ of }: { of: Record<string, number> }) {
  const labels = Object.entries(of)
  if (!labels.length) return <span className="quiet">–</span>
  return (
    <span className="pr-labels">
      {labels.map(([label, version]) => (
        <span key={label} className="pr-label">
          <Tag size={11} aria-hidden /> {label} <span className="quiet">{version}</span>
        </span>
      ))}
    </span>
  )
}
