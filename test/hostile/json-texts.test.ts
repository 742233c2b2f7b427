/**
 * Bodies that are not quite JSON, and JSON that is unusual: refused with 400, or kept as they came.
 * https://www.rfc-editor.org/rfc/rfc8259
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { complaints, fault, runServer, type Answer, type Running } from '../help/running-server.ts'

let server: Running
beforeAll(async () => void (server = await runServer()))
afterAll(() => server.end())

const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map(part => Buffer.from(part as string)))
const named = (text: string | number[]) => bytes('{"resourceType":"Patient","name":[{"text":', text, '}]}')
const quotedIn = (inner: string | number[]) => bytes('{"resourceType":"Patient","name":[{"text":"', inner, '"}]}')
const measured = (number: string) =>
  bytes('{"resourceType":"Patient","extension":[{"url":"urn:x","valueDecimal":', number, '}]}')
const shown = (body: Buffer) => body.toString('latin1').slice(0, 120)

/** What is wrong with the answers to bodies that must be refused as no JSON. */
async function notRefused(bodies: readonly Buffer[]): Promise<string[]> {
  const faults: string[] = []
  for (const body of bodies) {
    for (const [method, path] of [
      ['POST', 'Patient'],
      ['PUT', 'Patient/a'],
      ['POST', ''],
    ] as const) {
      const answer = await server.ask(method, path, { body })
      const wrong =
        fault(answer, shown(body)) || (answer.status === 400 ? '' : `${answer.status} for ${method} ${shown(body)}`)
      if (wrong) faults.push(wrong)
    }
  }
  return faults
}

describe('400 answers a body that is not JSON:', () => {
  const literals = [
    'nul',
    'nulll',
    'True',
    'TRUE',
    'False',
    'undefined',
    'NaN',
    'Infinity',
    '-Infinity',
    'nil',
    'None',
    'truе',
  ]
  const numbers = [
    '01', '-01', '00', '1.', '.5', '-.5', '-', '--1', '+1', '++1', '1e', '1e+', '1E-', '1.e3', '0x1F', '0b1', '0o7', '1_000', '1,5',
    '1 000', '1.2.3', '1e2e3', '1e1.5', '-Infinity', '1a', '0e', '0.e1', '１', '1n', '2.e-3', '1+2', '1-2', '- 1', '1.5f', '٣', '0.1.',
  ] // prettier-ignore
  const strings = [
    "'x'", '"x', 'x"', '“x”', '`x`', '"\\x41"', '"\\a"', '"\\u12"', '"\\u12G4"', '"\\U0041"', '"\\u{41}"', '"\\', '"\\"', '"a\nb"', '"a\tb"',
    '"a\rb"', '"\u0000"', '"\u0001"', '"\u001f"', '"\\0"', '"\\\'"', '"\\ "', '"a" "b"', '"a"+"b"', '"\\u-123"', '"\\u 123"', '"\\\u0000"',
  ] // prettier-ignore
  const structures = [
    '', ' ', '{', '}', '[', ']', '{]', '[}', '{{}}', '{}}', '{} {}', '[]]', '[1,]', '[,1]', '[,]', '[1,,2]', '[1 2]', '{"a"}', '{"a":}', '{:1}',
    '{"a":1,}', '{,"a":1}', '{"a" 1}', '{"a"::1}', '{"a":1,,"b":2}', '{"a":1 "b":2}', '{a:1}', "{'a':1}", '{1:1}', '{null:1}', '{[]:1}', '{"a":1}#',
    '{"a":1}//', '// a\n{}', '/* a */{}', '{}/**/', '{"a":/**/1}', '#\n{}', '<a/>', '{"a":1;"b":2}', '{"a"=1}', '{}\u0000', '\u0000{}', '{}\u00a0',
    '\u00a0{}', '\u2028{}', '{}\u000b', '\f{}', '[1]x', '{"a":[}', '{"a":"b}', '[{"a":1]}', '{"resourceType":"Patient"', '{"resourceType":"Pat',
    '"resourceType":"Patient"', '{"resourceType":"Patient"},', '{"resourceType":Patient}', '*', '...', '{...}', 'ﾠ', '{"a":1}{"a":1}', '-', '"',
  ] // prettier-ignore

  test('literals of other languages', async () =>
    expect(await notRefused(literals.map(text => named(text)))).toEqual([]))
  test('numbers of other languages', async () => expect(await notRefused(numbers.map(measured))).toEqual([]))
  test('broken strings', async () => expect(await notRefused(strings.map(text => named(text)))).toEqual([]))
  // an empty body is no broken JSON, but no resource either
  test('broken structure', async () => expect(await notRefused(structures.map(text => bytes(text)))).toEqual([]))

  test('every beginning of a resource', async () => {
    const whole = bytes(
      '{"resourceType":"Patient","active":true,"name":[{"text":"林\\u6021"}],"multipleBirthInteger":-1}',
    )
    expect(
      await notRefused(Array.from({ length: whole.length - 1 }, (_, length) => whole.subarray(0, length + 1))),
    ).toEqual([])
  })

  test('what is not UTF-8', async () => {
    const sequences = [
      [0x80], [0xbf], [0xc3], [0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x80, 0xaf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf],
      [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], [0xf0, 0x80, 0x80, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
      [0xfe], [0xff], [0xe4, 0xb8], [0xf0, 0x9f, 0x98], [0xe9], [0xa4, 0xa4],
    ] // prettier-ignore
    expect(await notRefused(sequences.map(quotedIn))).toEqual([])
    const text = '{"resourceType":"Patient"}'
    const utf16 = Buffer.from(text, 'utf16le')
    const utf32 = Buffer.concat([...text].map(char => Buffer.from([char.charCodeAt(0), 0, 0, 0])))
    const others = [
      utf16,
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
      Buffer.from(utf16).swap16(),
      utf32,
      Buffer.from([0xef, 0xbb]),
      Buffer.from([0xef, 0xbb, 0xbf]),
    ]
    expect(await notRefused(others)).toEqual([])
    expect(await notRefused([bytes('{"resourceType":"Patient","', [0xff], '":1}')])).toEqual([])
  })

  test('half a surrogate pair, NUL and a name given twice, however they are written', async () => {
    const halves = [
      '\\ud800',
      '\\udc00',
      '\\udbff',
      '\\udfff',
      '\\ud83dx',
      'x\\ude00',
      '\\ude00\\ud83d',
      '\\ud83d\\ud83d\\ude00',
      '\\u0000',
      'a\\u0000b',
    ]
    expect(await notRefused(halves.map(quotedIn))).toEqual([])
    expect(await notRefused(halves.map(half => bytes('{"resourceType":"Patient","', half, '":1}')))).toEqual([])
    const twice = [
      '{"resourceType":"Patient","resourceType":"Patient"}',
      '{"resourceType":"Patient","active":true,"\\u0061ctive":false}',
      '{"resourceType":"Patient","name":[{"text":"a","text":"b"}]}',
      '{"resourceType":"Patient","name":[{"given":["a"]}],"id":"1","\\u006e\\u0061me":[]}',
      '{"resourceType":"Patient","__proto__":1,"__proto__":2}',
      '{"resourceType":"Patient","1":1,"1":2}',
      '{"resourceType":"Patient","":1,"":2}',
    ]
    expect(await notRefused(twice.map(text => bytes(text)))).toEqual([])
  })

  test('JSON that is no resource', async () => {
    const values = [
      'null',
      'true',
      'false',
      '0',
      '-1',
      '1e3',
      '"x"',
      '""',
      '[]',
      '{}',
      '[{}]',
      '[{"resourceType":"Patient"}]',
      '{"a":1}',
      '{"":0}',
      '{"resourceType":null}',
      '{"resourceType":["Patient"]}',
      '{"resourceType":"patient"}',
      '{"resourceType":""}',
      ' [ ] ',
    ]
    expect(await notRefused(values.map(text => bytes(text)))).toEqual([])
  })
})

interface Kept {
  readonly status: number
  readonly wrong: string
  readonly text: string
  readonly read: Answer['body']
}

/** Stores a body and reads it back; `wrong` is what is wrong with the answers. */
async function kept(body: Buffer): Promise<Kept> {
  const answer = await server.ask('POST', 'Patient', { body })
  const wrong = fault(answer, shown(body))
  if (answer.status !== 201) return { status: answer.status, wrong, text: '', read: undefined }
  const { text, body: read } = await server.ask('GET', `Patient/${answer.body.id}`)
  return { status: 201, wrong, text, read }
}

describe('JSON is kept as it came:', () => {
  test('strings with every kind of escape and character', async () => {
    const inner = [
      'x', '林怡君', '𠮷', '😀', '\\u6797', '\\ud83d\\ude00', '\\uD842\\uDFB7', '\\"', '\\\\', '\\/', '/', '\\b\\f', '\\n\\r\\t', '\\u0041', '\\u00e9', 'é', 'e\u0301', '\u007f',
      '\u0080', '\u200b', '\u200d', '\u202e', '\u2028', '\u2029', '\ufeff', '\ufffd', '\ufffe', '\uffff', '\u{10ffff}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\\u2028', '\\ufeff',
      "'", '`', '${x}', '{{x}}', '%s', '//', '/* */', '<b>', '&amp;', 'null', '[1,2]', '{\\"a\\":1}', '\\\\u0000', '\\\\\\"', 'a b', '\u3000x',
    ] // prettier-ignore
    const faults: string[] = []
    for (const text of inner) {
      const { status, wrong, read } = await kept(quotedIn(text))
      const sent = JSON.parse(`"${text}"`) as string
      const fine = status === 201 ? read.name[0].text === sent : status === 400 || status === 422
      if (wrong || !fine) faults.push(wrong || `${text}: ${status} ${JSON.stringify(read)}`)
      // only what FHIR forbids in a string may be refused
      if (status !== 201 && !/[\b\f]/.test(sent)) faults.push(`${JSON.stringify(text)} was refused with ${status}`)
    }
    expect(faults).toEqual([])
  })

  test('numbers, digit by digit', async () => {
    const numbers = [
      '0', '1', '-1', '0.0', '1.0', '1.00', '100', '100.000', '-0', '-0.0', '0.10', '1e0', '1E0', '1e3', '1E+3', '1e-7', '1.0e-7', '1.50E2', '0e0', '0.000000001', '0.00000000010',
      '123456789012345678', '12345678901234567890123456789.5', '0.123456789012345678901234567890', '3.14159265358979323846264338327950288', '9007199254740993', '-9007199254740993.10',
      '1e22', '1e21', '1e308', '5e-324', '99999999999999999999', '0.30000000000000004', '1.7976931348623157e308', '-1.10e-10', '72.50',
    ] // prettier-ignore
    const faults: string[] = []
    for (const number of numbers) {
      const { status, wrong, text } = await kept(measured(number))
      if (wrong || status !== 201 || !text.includes(`"valueDecimal":${number}}`))
        faults.push(wrong || `${number}: ${status} ${text}`)
    }
    expect(faults).toEqual([])
  })

  test('numbers that JavaScript cannot hold, or they are refused', async () => {
    const faults: string[] = []
    for (const number of [
      '1e309',
      '-1e309',
      '1e400',
      '1e99999',
      '1e-400',
      '0e999999',
      `1${'0'.repeat(400)}`,
      '9'.repeat(5000),
      `0.${'1'.repeat(5000)}`,
      `1e${'9'.repeat(1000)}`,
    ]) {
      const { status, wrong, text } = await kept(measured(number))
      const fine = status === 201 ? text.includes(`"valueDecimal":${number}}`) : status === 400 || status === 422
      if (wrong || !fine) faults.push(wrong || `${number.slice(0, 50)}: ${status} ${text.slice(0, 200)}`)
    }
    expect(faults).toEqual([])
  })

  test('space between tokens, a byte order mark and the order of names', async () => {
    for (const text of [
      ' \t\r\n{ "resourceType" : "Patient" , "active" : true } \r\n\t ',
      '\ufeff{"resourceType":"Patient","active":true}',
      '{"active":true,"resourceType":"Patient"}',
      '{"\\u0072esourceType":"\\u0050atient","\\u0061ctive":true}',
    ]) {
      const { status, read } = await kept(bytes(text))
      expect([text, status, read?.active]).toEqual([text, 201, true])
    }
  })
})

test('the server is none the worse for it', async () => {
  expect((await server.ask('GET', '/readyz')).status).toBe(200)
  expect(complaints(server)).toEqual([])
})
