import { expect, it } from 'vitest'
import { byCategory, byNumber, byWindow } from './embeddingColours'

it('counts each window', () => {
  expect(byWindow([true, false, true]).legend.map((one) => one.count)).toEqual([1, 2])
})

it('names the frequent categories and gathers the rare ones', () => {
  const values = Array.from({ length: 60 }, (_, i) => `v${Math.min(i % 12, 11)}`).concat('v0', 'v0')
  const { colours, legend } = byCategory([...values, null])
  expect(legend[0]).toMatchObject({ label: 'v0', count: 7 })
  expect(legend.slice(-2).map((one) => [one.label, one.count])).toEqual([
    ['5 other values', 25],
    ['missing', 1],
  ])
  expect(new Set(legend.slice(0, 7).map((one) => one.colour)).size).toBe(7)
  expect(colours[0]).toBe(legend[0]!.colour)
})

it('goes along numbers and is not stretched by one outlier', () => {
  const { legend, colours } = byNumber([...Array.from({ length: 100 }, (_, i) => i), 1e9, null], true)
  expect(legend.map((one) => one.label)).toEqual(['2', '26', '50', '74', '98', 'missing'])
  expect(colours[100]).toBe(colours[98])
  expect(byNumber([null], true).legend).toEqual([{ label: 'missing', colour: 'var(--text-3)', count: 1 }])
})
