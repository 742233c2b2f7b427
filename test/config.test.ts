/**
 * Settings: read once, overridden by flags, refused with a hint when they cannot be used.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BadSetting, checkExposure, readCommandLine, readConfig, settings } from '../src/config.ts'
import { commands, help, settingsTable } from '../src/help.ts'

const line = (...args: string[]) =>
  readCommandLine(
    args,
    new Map([
      ['to', true],
      ['again', false],
    ]),
  )

describe('settings', () => {
  test('without an environment every setting has its default, and they cannot be changed', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      data: './data',
      seed: 'examples',
      auth: 'open',
      store: 'sqlite',
      metricsPort: 8081,
      maxBody: 16 * 1024 ** 2,
      maxBundle: 5000,
    })
    expect(Object.isFrozen(config)).toBe(true)
  })

  test('an empty variable is as if it were not there', () => {
    expect(readConfig({ PORT: '', DHP_SEED: '  ' })).toMatchObject({ port: 8080, seed: 'examples' })
  })

  test('a flag overrides the environment, by its long or short name', () => {
    const { flags } = line('--port', '9000', '--data=/srv/a', '--dhp-log', 'warn', '--allow-open')
    expect(readConfig({ PORT: '1', DHP_DATA: '/b' }, flags)).toMatchObject({
      port: 9000,
      data: '/srv/a',
      log: 'warn',
      allowOpen: true,
    })
  })

  test.each([
    ['PORT', '65536'],
    ['PORT', '8o80'],
    ['DHP_AUTH', 'Open'],
    ['DHP_MAX_BODY', '0'],
    ['DHP_MAX_BODY', '1TB'],
    ['DHP_PUBLIC_URL', 'ftp://a'],
    ['DHP_PUBLIC_URL', 'https://a/?b'],
    ['DHP_ADMIN_TOKEN', 'short'],
    ['DHP_STORE', 'oracle'],
  ])('%s=%s is refused with what is accepted', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(BadSetting)
    expect(() => readConfig({ [name]: value })).toThrow(/It takes /)
  })

  test('an admin token that is refused is not printed', () => {
    expect(() => readConfig({ DHP_ADMIN_TOKEN: 'hunter2' })).toThrow(/^(?!.*hunter2)/)
  })

  test('sizes are bytes or have a unit', () => {
    expect(readConfig({ DHP_MAX_BODY: '1048576' }).maxBody).toBe(1048576)
    expect(readConfig({ DHP_MAX_BODY: '2MB' }).maxBody).toBe(2 * 1024 ** 2)
    expect(readConfig({ DHP_MAX_BODY: '4 KiB' }).maxBody).toBe(4096)
  })

  test('an unknown DHP_ variable or flag is refused with the nearest name', () => {
    expect(() => readConfig({ DHP_DTA: 'x' })).toThrow(/DHP_DATA/)
    expect(() => line('--prot', '1')).toThrow(/port/)
    expect(() => line('--port')).toThrow(/needs a value/)
  })

  test("a command's own options and what is no flag are told apart", () => {
    const { positionals, options } = line('a', '--to', 'http://b', '--again', '--', '--c')
    expect(positionals).toEqual(['a', '--c'])
    expect([...options]).toEqual([
      ['to', 'http://b'],
      ['again', 'true'],
    ])
  })

  test('an open server on an address that others reach is refused unless it is meant', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.0.0.1.example.org']) {
      expect(() => checkExposure(readConfig({ HOST: host })), host).toThrow(/--allow-open/)
      expect(() => checkExposure(readConfig({ HOST: host, DHP_ALLOW_OPEN: 'true' }))).not.toThrow()
      expect(() => checkExposure(readConfig({ HOST: host, DHP_AUTH: 'smart' }))).not.toThrow()
    }
    for (const host of ['127.0.0.1', '::1', 'localhost'])
      expect(() => checkExposure(readConfig({ HOST: host }))).not.toThrow()
  })
})

describe('hosts that may be private', () => {
  test('are names or addresses, with a port or without, and commas between', () => {
    const { privateHosts } = readConfig({ DHP_PRIVATE_HOSTS: 'TX.hospital.example, 10.0.0.5:8080 ,[::1]:80,' })
    expect(privateHosts).toEqual(['tx.hospital.example', '10.0.0.5:8080', '[::1]:80'])
    expect(readConfig({}).privateHosts).toEqual([])
  })

  test('are refused when they are URLs or hold what no host does', () => {
    for (const wrong of ['http://10.0.0.5', '10.0.0.5/x', 'a b', '*', '::1', 'a:port', '林.tw'])
      expect(() => readConfig({ DHP_PRIVATE_HOSTS: wrong }), wrong).toThrow(/DHP_PRIVATE_HOSTS=.* cannot be used/)
  })
})

describe('help', () => {
  test('names every command and every setting', () => {
    const text = help()
    for (const { name } of Object.values(settings)) expect(text).toContain(`${name}=`)
    for (const { use } of commands) expect(text).toContain(use)
  })

  test('the table in README.md is the one of the code', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    // a formatter may pad the cells
    const rows = (text: string) =>
      text
        .split('\n')
        .filter(row => row.startsWith('|'))
        .map(row => row.replace(/ +/g, ' ').replace(/-+/g, '-'))
    expect(rows(readme)).toEqual(expect.arrayContaining(rows(settingsTable())))
  })
})
