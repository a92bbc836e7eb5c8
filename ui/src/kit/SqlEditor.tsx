/** CodeMirror with the columns, views and functions that the gate allows. */
import {
  autocompletion,
  closeCompletion,
  type Completion,
  type CompletionContext,
} from '@codemirror/autocomplete'
import { sql, SQLDialect } from '@codemirror/lang-sql'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { Compartment, EditorState, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { basicSetup } from 'codemirror'
import { useEffect, useRef } from 'react'
import type { SqlSchema } from '@/api/types'

const clickhouse = SQLDialect.define({
  // The dialect's own defaults are all of SQL; these are what a SELECT here may hold.
  keywords:
    'select distinct from where prewhere group by having order limit offset with as and or not in is null like ilike between case when then else end union all except intersect join left right inner full outer cross on using asc desc nulls first last interval final sample settings array asof any semi anti global qualify over partition rows range unbounded preceding following current row window exists true false cast extract rollup cube totals interpolate',
  types:
    'string float64 float32 int64 int32 uint64 uint32 datetime datetime64 date array map tuple nullable bool uuid',
  doubleQuotedStrings: false,
  backslashEscapes: true,
})

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '.cm-content': { fontFamily: 'var(--mono)', caretColor: 'var(--text)', padding: '8px 0' },
  '.cm-scroller': { overflow: 'auto', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--text-3)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--hover) 50%, transparent)',
  },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--selected) !important',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    border: '1px solid var(--line-strong)',
    color: 'var(--text)',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--selected)',
    color: 'var(--text)',
  },
  '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal' },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '.cm-matchingBracket': { backgroundColor: 'var(--selected) !important' },
})

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: [tags.comment], color: 'var(--text-3)' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--code-number)' },
])

function language(schema: SqlSchema | undefined) {
  const views = schema?.views ?? []
  const tables: Record<string, Completion[]> = {}
  const columns = new Map<string, Completion>()
  for (const view of views) {
    tables[view.name] = view.columns.map((c) => {
      const completion: Completion = {
        label: c.name,
        detail: c.type,
        info: c.comment || undefined!,
        type: 'property',
      }
      if (!c.comment) delete completion.info
      columns.set(c.name, completion)
      return completion
    })
  }
  const functions: Completion[] = (schema?.functions ?? []).map((name) => ({
    label: name,
    type: 'function',
    apply: `${name}(`,
  }))
  // Columns and functions complete anywhere, also before FROM is written.
  const loose = [...columns.values(), ...functions]
  const support = sql({ dialect: clickhouse, schema: tables, upperCaseKeywords: true })
  return [
    support,
    clickhouse.language.data.of({
      autocomplete: (context: CompletionContext) => {
        const word = context.matchBefore(/\w+/)
        if (!word && !context.explicit) return null
        return { from: word?.from ?? context.pos, options: loose, validFor: /^\w*$/ }
      },
    }),
  ]
}

interface Props {
  value: string
  schema: SqlSchema | undefined
  onChange: (text: string) => void
  onRun: () => void
}

export function Editor(props: Props) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const languageSlot = useRef(new Compartment())
  const latest = useRef(props)
  useEffect(() => {
    latest.current = props
  })
  useEffect(() => {
    const slot = languageSlot.current
    const editor = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          // Before the defaults, where Mod-Enter inserts a line.
          Prec.highest(
            keymap.of([
              {
                key: 'Mod-Enter',
                run: (v) => {
                  closeCompletion(v)
                  latest.current.onRun()
                  return true
                },
              },
              // Tab must leave the editor for those who use the keyboard alone.
              { key: 'Escape', run: (v) => closeCompletion(v) || (v.contentDOM.blur(), true) },
            ]),
          ),
          // The library closes an open list on blur, but lets one that is still being made appear later.
          EditorView.domEventHandlers({ blur: (_event, v) => void setTimeout(() => closeCompletion(v)) }),
          basicSetup,
          autocompletion({ activateOnTyping: true }),
          slot.of(language(latest.current.schema)),
          placeholder('SELECT … FROM spans'),
          look,
          Prec.high(syntaxHighlighting(highlight)),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': 'SQL' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    return () => editor.destroy()
  }, [])
  useEffect(() => {
    view.current?.dispatch({ effects: languageSlot.current.reconfigure(language(props.schema)) })
  }, [props.schema])
  useEffect(() => {
    const editor = view.current
    if (!editor || editor.state.doc.toString() === props.value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } })
  }, [props.value])
  return <div ref={host} className="q-editor" />
}
