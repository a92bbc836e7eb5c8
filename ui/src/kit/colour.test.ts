import { describe, expect, it } from 'vitest'
import { distinct, serviceColour, seriesColours } from './colour'

describe('colours of the lines of a chart', () => {
  it('are never shared while one is free, and do not depend on the order of the names', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    expect(new Set(distinct(names).values()).size).toBe(8)
    for (const name of names) expect(distinct(names.toReversed()).get(name)).toBe(distinct(names).get(name))
    expect(distinct(['model-x']).get('model-x')).toBe(distinct(['other', 'model-x']).get('model-x'))
  })

  it('of services are those that the services have on every page', () => {
    const series = ['web', 'scoring'].map((service) => ({ labels: { service } }))
    const colours = seriesColours(series, ['web', 'scoring'])
    expect(colours.get('web')).toBe(serviceColour('web'))
    expect(colours.get('scoring')).toBe(serviceColour('scoring'))
  })
})
