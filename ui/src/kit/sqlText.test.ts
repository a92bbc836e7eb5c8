import { describe, expect, it } from 'vitest'
import { groupSql, valueSql } from './sqlText'

const scope = { project: 'p', from: '1970-01-01T00:00:01Z', to: 'now', q: '' }

describe('SQL that a click writes', () => {
  it('asks for the records with a value', () => {
    expect(valueSql('spans', 'http.route', "a'b", { ...scope, to: '1970-01-01T00:00:02Z' })).toBe(
      "SELECT *\nFROM spans\nWHERE attributes['http.route'] = 'a\\'b'\n  AND start_time >= fromUnixTimestamp64Milli(1000)\n  AND start_time < fromUnixTimestamp64Milli(2000)\nORDER BY start_time DESC\nLIMIT 100",
    )
  })

  it('groups by the key', () => {
    expect(groupSql('logs', 'resource.host.name', scope)).toBe(
      "SELECT resource_attributes['host.name'] AS value, count() AS records, countIf(severity_number >= 17) AS errors\nFROM logs\nWHERE time >= fromUnixTimestamp64Milli(1000)\nGROUP BY value\nORDER BY count() DESC\nLIMIT 100",
    )
    expect(groupSql('spans', 'service', { ...scope, from: 'all' })).toContain('FROM spans\nGROUP BY value')
  })
})
