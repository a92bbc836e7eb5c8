/** A line without axes, for a row: the shape of the last while. Gaps stay gaps. */
export function Sparkline(p: {
  values: (number | null)[]
  label: string
  colour?: string
  width?: number
  height?: number
  /** The least value that fills the height, so that noise around zero stays flat. */
  least?: number
}) {
  const { values, width = 84, height = 18 } = p
  const top = Math.max(p.least ?? 0, ...values.map((v) => v ?? 0)) || 1
  const x = (i: number) => (values.length > 1 ? (i / (values.length - 1)) * (width - 2) + 1 : width / 2)
  const y = (v: number) => height - 1.5 - (v / top) * (height - 3)
  let path = ''
  const lonely: number[] = []
  values.forEach((v, i) => {
    if (v === null) return
    const follows = (values[i - 1] ?? null) !== null
    path += `${follows ? 'L' : 'M'}${x(i).toFixed(1)},${y(v).toFixed(1)}`
    if (!follows && (values[i + 1] ?? null) === null) lonely.push(i)
  })
  const colour = p.colour ?? 'var(--text-2)'
  return (
    <svg className="k-spark" width={width} height={height} role="img" aria-label={p.label}>
      <path d={path} fill="none" stroke={colour} strokeWidth={1.25} strokeLinejoin="round" />
      {lonely.map((i) => (
        <circle key={i} cx={x(i)} cy={y(values[i]!)} r={1.3} fill={colour} />
      ))}
    </svg>
  )
}
