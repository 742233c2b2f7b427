/**
 * Begins an EHR launch: sends the browser to the authorization endpoint of `iss` with what was handed over in `launch`.
 * https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch
 */
import { begin } from './sign-in.js'
import { fill, say } from './words.js'

fill(document)
const given = new URLSearchParams(location.search)
const message = document.getElementById('message')
if (!given.get('iss') || !given.get('launch')) message.textContent = say('noLaunch')
else
  begin(given.get('iss'), given.get('launch')).catch(
    error => (message.textContent = `${say('failed')} ${error.message}`),
  )
