/** Narratives, attachments and texts that a display could act on. https://hl7.org/fhir/R4/narrative.html */
import { describe, expect, it } from 'vitest'
import { cost } from '../help/cost.ts'
import { div, patient, saidAt, wrong } from './validator.ts'

const withDiv = (text: string) => ({ ...patient, text: { status: 'generated', div: text } })
const AT = 'Patient.text.div'

describe('a narrative', () => {
  it.each([
    ['text', div('some text')],
    [
      'a table',
      div(
        '<table border="1"><thead><tr><th>A</th></tr></thead><tbody><tr><td colspan="2">1 &lt; 2 &#160;</td></tr></tbody></table>',
      ),
    ],
    ['only an image', div('<img src="data:image/png;base64,AAAA" alt="x"/>')],
    ['a link to its own anchor', div('<a href="#x">see</a><p id="x">there</p>')],
    ['a style', div('<p style="color: red; background: url(x.png)">text</p>')],
    ['a comment', div('<!-- a > b -->text')],
  ])('with %s is fine', async (_, text) => expect(await wrong(withDiv(text))).toEqual([]))

  it.each([
    ['a script', div('<script>alert(1)</script>')],
    ['an event handler', div('<p onclick="x()">a</p>')],
    ['a form', div('<input value="x"/>')],
    ['an object', div('<object data="x"/>')],
    ['a javascript link', div('<a href=" java\nscript:alert(1)">a</a>')],
    ['a style that runs something', div('<p style="width: expression(alert(1))">a</p>')],
    ['an entity of HTML', div('&reg;')],
    ['a bare ampersand', div('a & b')],
    ['an open element', '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</div>'],
    ['no namespace', '<div>a</div>'],
    ['another root', '<p xmlns="http://www.w3.org/1999/xhtml">a</p>'],
    ['two roots', `${div('a')}${div('b')}`],
    ['a declaration', `<!DOCTYPE html>${div('a')}`],
    ['nothing in it', div('  ')],
    ['a link to nowhere', div('<a href="#nowhere">a</a>')],
    ['a list in a paragraph', div('<p>a<ul><li>b</li></ul></p>')],
    ['a cell outside of a table', div('<td>a</td>')],
    ['text between the rows of a table', div('<table>a<tr><td>b</td></tr></table>')],
    ['an attribute twice', div('<p id="a" id="b">c</p>')],
    ['a surrogate', div('&#xD800;')],
  ])('with %s is refused at text.div', async (_, text) => expect(await wrong(withDiv(text))).toEqual([AT]))

  it('says in both languages which element to remove', async () => {
    const [finding] = await saidAt(AT, withDiv(div('a<iframe src="x"/>')))
    expect(finding?.said.en).toMatch(/<iframe>.*Remove/)
    expect(finding?.said.zh).toMatch(/<iframe>.*移除/)
  })

  it('with one id twice gets a warning; one that says it is empty, and is not, a word', async () => {
    expect(await wrong(withDiv(div('<p id="a">x</p><p id="a">y</p>')), {}, 'warning')).toContain(AT)
    expect(await wrong({ ...patient, text: { status: 'empty', div: div('x') } }, {}, 'information')).toContain(
      'Patient.text',
    )
  })

  it('made to be slow is judged in a moment', async () => {
    for (const slow of [div('<b>'.repeat(50_000)), div('&'.repeat(100_000)), `<div ${'a="'.repeat(50_000)}`])
      expect(await cost(() => wrong(withDiv(slow)))).toBeLessThan(1_000)
  })
})

describe('a text', () => {
  const note = (text: string) => ({ ...patient, resourceType: 'Basic', code: { text } })
  it('with HTML in it is pointed out', async () => {
    expect(await wrong(note('a <script>b</script>'), {}, 'information')).toContain('Basic.code.text')
    expect(await wrong(note('WBC <5 and >3'), {}, 'information')).not.toContain('Basic.code.text')
  })

  it('with a control character is refused', async () => {
    expect(await wrong(note('a\u0007b'))).toEqual(['Basic.code.text'])
  })

  it('that turns the direction of what follows gets a warning', async () => {
    expect(await wrong(note('abc\u202edef'), {}, 'warning')).toContain('Basic.code.text')
    expect(await wrong(note('abc\u2067def\u2069'), {}, 'warning')).not.toContain('Basic.code.text')
  })
})

describe('an attachment', () => {
  const media = (content: object) => ({ ...patient, resourceType: 'Media', status: 'completed', content })
  it('of the size it says is fine', async () => {
    expect(
      await wrong(
        media({ contentType: 'text/plain', data: 'aGVsbG8=', size: 5, hash: 'qvTGHdzF6KLavt4PO0gs2a6pQ00=' }),
      ),
    ).toEqual([])
  })

  it('of another size is refused', async () => {
    expect(await wrong(media({ contentType: 'text/plain', data: 'aGVsbG8=', size: 6 }))).toEqual(['Media.content'])
  })

  it('with another hash is refused, and told the right one', async () => {
    const [finding] = await saidAt(
      'Media.content',
      media({ contentType: 'text/plain', data: 'aGVsbG8=', hash: 'AAAA' }),
    )
    expect(finding?.severity).toBe('error')
    expect(finding?.said.en).toContain('qvTGHdzF6KLavt4PO0gs2a6pQ00=')
  })
})
