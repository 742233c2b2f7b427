/**
 * Who may sign in with a password, and as whom.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-identity-data (fhirUser)
 */
import { badRequest, conflict, notFound } from '../fhir/outcome.ts'
import type { Records } from '../store/store.ts'
import { isPassword, keepPassword, passwordFault, type KeptPassword } from './people-passwords.ts'
import { PERSON_TYPES } from './people-directory.ts'

/** What others are told of an account. */
export interface Account {
  readonly name: string
  /** `Practitioner/1` */
  readonly user: string
  readonly disabled: boolean
}

/** As it is kept in the records `smart-users`. */
export interface KeptAccount extends Account {
  readonly password: KeptPassword
  /** When the password was set, in milliseconds since 1970; unknown of those of older servers. */
  readonly changed?: number
}

export interface Accounts {
  /** Throws (FhirError) when the name is taken or the password too short. */
  add(name: string, user: string, password: string): Promise<Account>
  list(): Promise<Account[]>
  /** Ends nothing by itself: sessions and refresh tokens ask `isDisabled`. */
  disable(name: string, disabled: boolean): Promise<Account>
  setPassword(name: string, password: string): Promise<Account>
  /** The user of this name and password; undefined when there is none, after the same time. */
  check(name: string, password: string): Promise<string | undefined>
  isDisabled(user: string): Promise<boolean>
}

const shapeOfName = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u
const shapeOfUser = new RegExp(`^(?:${PERSON_TYPES.join('|')})/[A-Za-z0-9.-]{1,64}$`)

/** Names that look alike to a person are one name. */
const keyOf = (name: string) => name.normalize('NFKC').trim().toLowerCase()

const shown = ({ name, user, disabled }: KeptAccount): Account => ({ name, user, disabled })

/** `accounts`: the records `smart-users`; `disabled`: `smart-users-disabled`, by user. */
export function makeAccounts(accounts: Records, disabled: Records, random: (bytes: number) => Buffer): Accounts {
  const find = async (name: string): Promise<KeptAccount> => {
    const kept = (await accounts.get(keyOf(name))) as KeptAccount | undefined
    if (!kept) throw notFound('There is no user of that name.')
    return kept
  }
  const keep = async (account: KeptAccount): Promise<Account> => {
    await accounts.put(keyOf(account.name), account)
    return shown(account)
  }
  const kept = async (password: string): Promise<KeptPassword> => {
    const fault = passwordFault(password)
    if (fault) throw badRequest(fault)
    return keepPassword(password, random(16))
  }
  return {
    async add(name, user, password) {
      const plain = name.normalize('NFKC').trim()
      if (!shapeOfName.test(plain)) throw badRequest('A user name has 1 to 100 letters, digits and . _ @ + -')
      if (!shapeOfUser.test(user)) throw badRequest(`A user is ${PERSON_TYPES.map(each => `${each}/id`).join(' or ')}.`)
      if (await accounts.get(keyOf(plain))) throw conflict('There is a user of that name already.')
      return keep({ name: plain, user, disabled: false, password: await kept(password), changed: Date.now() })
    },
    list: async () => (await accounts.list()).map(({ value }) => shown(value as KeptAccount)),
    async disable(name, off) {
      const account = await find(name)
      if (off) await disabled.put(account.user, true)
      else await disabled.remove(account.user)
      return keep({ ...account, disabled: off })
    },
    setPassword: async (name, password) =>
      keep({ ...(await find(name)), password: await kept(password), changed: Date.now() }),
    async check(name, password) {
      const account = (await accounts.get(keyOf(name.slice(0, 200)))) as KeptAccount | undefined
      const right = await isPassword(password, account?.password)
      return right && account && !account.disabled && !(await disabled.get(account.user)) ? account.user : undefined
    },
    isDisabled: async user => (await disabled.get(user)) === true,
  }
}
