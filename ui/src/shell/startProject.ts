import type { Info } from '@/api/types'
import { readPref } from '@/kit/prefs'

/** The project that a bare URL opens: the one used last, else one that exists; undefined for `default`. */
export function startProject(info: Info): string | undefined {
  const projects = info.projects ?? []
  const last = readPref('project', '')
  const start =
    info.identity?.project ??
    (projects.includes(last)
      ? last
      : info.demo && projects.includes('demo')
        ? 'demo'
        : projects.includes('default')
          ? undefined
          : projects[0])
  return start === 'default' ? undefined : start
}
