/** Chips ⇄ text, one grammar; keys and values complete from the facets of what is on screen. */
import { ActionIcon, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Filter, TextCursorInput, Tags, X } from 'lucide-react'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { facetsQuery, type Scope } from '@/api/queries'
import { elements, parseFilter, printFilter, printTerm, tokenise, type Term } from './filter'
import { compact } from './format'
import { usePref } from './prefs'
import { useShortcuts } from './keys'
import './filter.css'

interface Suggestion {
  insert: string
  label: string
  note: string
  /** A key wants its value next; a value ends the term. */
  done: boolean
}

/** Suggestions at once. */
const MOST = 12
/** What has values to choose from. */
const COMPLETED: ReadonlySet<Term['op']> = new Set(['is', 'prefix', 'exists', 'contains'])

interface Props {
  scope: Scope
  signal: 'spans' | 'logs' | 'metrics' | 'errors' | 'evaluations' | 'predictions' | 'findings'
  /** Column names of the view, offered as keys. */
  keys: string[]
  /** A filter that holds already: values are completed from what passes it. */
  within?: string
  placeholder: string
  onChange: (q: string) => void
}

export function FilterBar({ scope, signal, keys, within = '', placeholder, onChange }: Props) {
  const [mode, setMode] = usePref('filter-mode', 'chips')
  const chips = mode === 'chips'
  const terms = useMemo(() => parseFilter(scope.q), [scope.q])
  const [draft, setDraft] = useState('')
  const input = useRef<HTMLInputElement>(null)
  // The text form edits the whole filter, the chip form the term being typed.
  useEffect(() => setDraft(chips ? '' : scope.q), [chips, scope.q])
  useShortcuts('Filter', [{ keys: '/', label: 'Filter', run: () => input.current?.focus() }])

  const apply = (text: string) => {
    const typed = parseFilter(text)
    onChange(chips ? printFilter([...terms, ...typed]) : printFilter(typed))
    setDraft(chips ? '' : text)
  }
  const drop = (at: number) => onChange(printFilter(terms.toSpliced(at, 1)))
  const edit = (at: number) => {
    const term = terms[at]!
    onChange(printFilter(terms.toSpliced(at, 1)))
    setTimeout(() => {
      setDraft(printTerm(term))
      input.current?.focus()
    })
  }

  return (
    <div className="k-filter" role="search">
      <Filter size={14} aria-hidden className="quiet" />
      {chips &&
        terms.map((term, i) => <Chip key={i} term={term} onEdit={() => edit(i)} onDrop={() => drop(i)} />)}
      <TermInput
        inputRef={input}
        scope={scope}
        signal={signal}
        keys={keys}
        within={within}
        value={draft}
        onValue={setDraft}
        onApply={apply}
        onBackspace={() => chips && terms.length > 0 && drop(terms.length - 1)}
        placeholder={terms.length && chips ? 'and…' : placeholder}
      />
      {scope.q && (
        <Tooltip label="Clear the filter">
          <ActionIcon aria-label="Clear the filter" onClick={() => onChange('')}>
            <X size={14} />
          </ActionIcon>
        </Tooltip>
      )}
      <Tooltip label={chips ? 'Edit as text' : 'Show as chips'}>
        <ActionIcon
          aria-label={chips ? 'Edit as text' : 'Show as chips'}
          onClick={() => setMode(chips ? 'text' : 'chips')}
        >
          {chips ? <TextCursorInput size={14} /> : <Tags size={14} />}
        </ActionIcon>
      </Tooltip>
    </div>
  )
}

function Chip({ term, onEdit, onDrop }: { term: Term; onEdit: () => void; onDrop: () => void }) {
  const printed = printTerm(term)
  const body = term.op === 'text' ? printed : printed.slice(printed.indexOf(':') + 1)
  return (
    <span className={term.negated ? 'k-chip not' : 'k-chip'}>
      <button type="button" className="plain cut" onClick={onEdit} title={`Edit ${printed}`}>
        {term.negated && term.op !== 'text' && <span className="k-not">not </span>}
        {term.op !== 'text' && <span className="quiet">{term.key} </span>}
        {term.op === 'contains' && <span className="quiet">contains </span>}
        {term.op === 'exists' ? (
          <span className="quiet">exists</span>
        ) : (
          <span>{term.op === 'contains' ? body.slice(1) : body}</span>
        )}
      </button>
      <button type="button" className="plain k-chip-x" onClick={onDrop} aria-label={`Remove ${printed}`}>
        <X size={12} />
      </button>
    </span>
  )
}

interface InputProps {
  inputRef: React.RefObject<HTMLInputElement | null>
  scope: Scope
  signal: 'spans' | 'logs' | 'metrics' | 'errors' | 'evaluations' | 'predictions' | 'findings'
  keys: string[]
  within: string
  value: string
  placeholder: string
  onValue: (text: string) => void
  onApply: (text: string) => void
  onBackspace: () => void
}

function TermInput(p: InputProps) {
  const listId = useId()
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const [caret, setCaret] = useState(0)
  const token = useMemo(
    () => tokenise(p.value).find((t) => t.start <= caret && caret <= t.end) ?? null,
    [p.value, caret],
  )
  const completing = token && token.term.key ? token.term.key : null
  const suggestions = useSuggestions(p, token?.term ?? null, completing, open)

  function accept(s: Suggestion) {
    const start = token?.start ?? p.value.length
    const end = token?.end ?? p.value.length
    const next = p.value.slice(0, start) + s.insert + p.value.slice(end)
    setAt(-1)
    if (s.done) {
      p.onApply(next)
      setOpen(false)
    } else {
      p.onValue(next)
      const position = start + s.insert.length
      setCaret(position)
      requestAnimationFrame(() => p.inputRef.current?.setSelectionRange(position, position))
    }
  }

  return (
    <div className="k-term grow">
      <input
        ref={p.inputRef}
        role="combobox"
        aria-label="Filter"
        aria-expanded={open && suggestions.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={open && at >= 0 ? `${listId}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={p.value}
        placeholder={p.placeholder}
        onChange={(event) => {
          p.onValue(event.target.value)
          setCaret(event.target.selectionStart ?? event.target.value.length)
          setOpen(true)
          setAt(-1)
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            const step = event.key === 'ArrowDown' ? 1 : -1
            const n = suggestions.length
            if (n) setAt((((at + step) % n) + n) % n)
            setOpen(true)
            event.preventDefault()
          } else if (event.key === 'Tab' && open && (at >= 0 || p.value) && suggestions.length) {
            accept(suggestions[Math.max(at, 0)]!)
            event.preventDefault()
          } else if (event.key === 'Enter') {
            const picked = suggestions[at]
            if (open && picked) accept(picked)
            else if (!/:~?$/.test(p.value.trim())) {
              p.onApply(p.value)
              // What was asked for is below: the list of keys must not lie over it.
              setOpen(false)
            }
            event.preventDefault()
          } else if (event.key === 'Escape') {
            if (open && suggestions.length) setOpen(false)
            else event.currentTarget.blur()
          } else if (event.key === 'Backspace' && p.value === '') p.onBackspace()
        }}
      />
      {/* Always in the page so that `aria-controls` never points at nothing. */}
      <ul
        id={listId}
        role="listbox"
        aria-label="Suggestions"
        className="k-suggest"
        hidden={!open || !suggestions.length}
      >
        {open &&
          suggestions.map((s, i) => (
            <li
              key={s.insert}
              id={`${listId}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerDown={(event) => {
                event.preventDefault()
                accept(s)
              }}
            >
              <span className="cut">{s.label}</span>
              <span className="unit">{s.note}</span>
            </li>
          ))}
      </ul>
    </div>
  )
}

function useSuggestions(p: InputProps, term: Term | null, key: string | null, open: boolean): Suggestion[] {
  const everything = { ...p.scope, q: p.within }
  // A metric knows its own keys.
  const known = useQuery({
    ...facetsQuery(p.signal, everything),
    enabled: open && p.signal !== 'metrics',
  })
  const values = useQuery({
    ...facetsQuery(p.signal, everything, key ?? '', 50),
    enabled: open && key !== null,
    placeholderData: undefined,
  })
  return useMemo(() => {
    const sign = term?.negated ? '-' : ''
    if (key !== null && term) {
      if (!COMPLETED.has(term.op)) return []
      const typed = (term.values.at(-1) ?? '').toLowerCase()
      const before = term.values.slice(0, -1)
      const list = values.data?.facets.find((f) => f.key === key)?.values ?? []
      const suggest = (op: 'is' | 'contains', value: string, note: string): Suggestion => ({
        insert: printTerm({ negated: term.negated, key, op, values: [...before, value] }),
        label: value || '(empty)',
        note,
        done: true,
      })
      const fits = (value: string) => value.toLowerCase().includes(typed)
      // How many have an element is not known of the most frequent lists alone.
      const within = [...new Set(list.flatMap((v) => elements(v.value) ?? []))]
        .filter(fits)
        .map((one) => suggest('contains', one, 'contains'))
      if (term.op === 'contains') {
        const alone = list.filter((v) => v.value && !elements(v.value) && fits(v.value))
        return [...within, ...alone.map((v) => suggest('contains', v.value, ''))].slice(0, MOST)
      }
      return [
        ...(before.length ? [] : within.slice(0, MOST / 2)),
        ...list.filter((v) => fits(v.value)).map((v) => suggest('is', v.value, compact(v.count))),
      ].slice(0, MOST)
    }
    const typed = (term?.values[0] ?? '').toLowerCase()
    const attributes = known.data?.attribute_keys ?? []
    const columns = p.keys.map((k) => ({ key: k, note: '' }))
    const seen = new Set(p.keys)
    const all = [
      ...columns,
      ...attributes.filter((a) => !seen.has(a.key)).map((a) => ({ key: a.key, note: compact(a.count) })),
    ]
    return all
      .filter((k) => k.key.toLowerCase().includes(typed))
      .sort((a, b) => Number(!a.key.startsWith(typed)) - Number(!b.key.startsWith(typed)))
      .slice(0, MOST)
      .map((k) => ({ insert: `${sign}${k.key}:`, label: `${k.key}:`, note: k.note, done: false }))
  }, [known.data, values.data, key, term, p.keys])
}
