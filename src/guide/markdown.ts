/**
 * The guide's written pages, Markdown made HTML. The only place that knows marked.
 * https://spec.commonmark.org
 */
import { marked, Renderer } from 'marked'
import type { Html } from '../page/html.ts'

const renderer = new Renderer()
renderer.heading = function ({ tokens, depth, text }) {
  const id = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`
}
renderer.table = function (token) {
  return `<div class="scroll">${Renderer.prototype.table.call(this, token)}</div>\n`
}

/** A page of ours (its HTML is trusted) and its title: the first heading. */
export function markdownPage(text: string): { readonly title: string; readonly body: Html } {
  const title = /^#\s+(.+)$/m.exec(text)?.[1] ?? ''
  return { title, body: { html: marked.parse(text.replace(/^#\s+.+$/m, ''), { renderer, async: false }) } }
}
