/**
 * A cancer summary of one patient, read with `patient/*.rs`.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
 */
import { readRecord } from './record.js'
import { begin, forget, isSignedIn, ready, signOut } from './sign-in.js'
import { summary } from './summary.js'
import { choose, fill, say } from './words.js'

const at = id => document.getElementById(id)
let record
let message = ''

/** What the page shows is made from the record and the language, whichever changed. */
function show() {
  fill(document)
  at('message').textContent = message === '' ? '' : message.split('|').map(say).join(' ')
  at('summary').replaceChildren(...(record ? summary(record) : []))
}

function offerSignIn() {
  record = undefined
  at('sign-out').hidden = true
  at('sign-in').hidden = false
  at('iss').value ||= new URLSearchParams(location.search).get('iss') ?? `${location.origin}/fhir`
}

function failed(error) {
  message = `failed|${error.message}|again`
  forget()
  offerSignIn()
  show()
}

async function open() {
  message = 'reading'
  show()
  const client = await ready()
  at('sign-out').hidden = false
  at('sign-out').onclick = () => {
    signOut(client).then(() => {
      message = 'signedOut'
      offerSignIn()
      show()
      at('message').focus()
    }, failed)
  }
  if (!client.patient.id) throw new Error(say('noPatient'))
  record = await readRecord(client)
  message = record.unread.length > 0 ? `unread|${record.unread.join(', ')}` : ''
  show()
}

for (const button of document.querySelectorAll('[data-language]'))
  button.onclick = () => {
    choose(button.dataset.language)
    show()
  }
at('sign-in').onsubmit = event => {
  event.preventDefault()
  begin(at('iss').value).catch(failed)
}

if (isSignedIn()) open().catch(failed)
else {
  offerSignIn()
  show()
}
