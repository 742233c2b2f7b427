/**
 * A server with a CDS service of one's own: `node examples/extensions/main.ts`, with the same settings as the server's own main.
 */
import { run } from '../../src/commands/serve.ts'
import { readConfig } from '../../src/config.ts'
import { ofAge } from './cds-service.ts'

process.exitCode = await run(readConfig(process.env), undefined, { services: [ofAge] })
