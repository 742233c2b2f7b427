// https://hl7.org/fhir/R4/provenance.html

Profile: DhpProvenance
Parent: Provenance
Id: dhp-provenance
Title: "DHP Provenance"
Description: "Who made a record, for which organization, and who sent it. Aligns with TW Core and US Core Provenance. 紀錄的來源：作者、所屬機構與傳送者。"
* target MS
* target.reference MS
* recorded MS
* agent MS
* agent obeys dhp-on-behalf
* agent.type 1..1 MS
* agent.who MS
* agent.onBehalfOf MS
* agent ^slicing.discriminator.type = #pattern
* agent ^slicing.discriminator.path = "type"
* agent ^slicing.rules = #open
* agent contains author 0..* MS and transmitter 0..* MS
* agent[author].type = $provenance-agent#author
* agent[transmitter].type = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/provenance-participant-type-tw#transmitter

Invariant: dhp-on-behalf
Severity: #error
Description: "A practitioner or a device acts for an organization: say which (onBehalfOf). 醫事人員或設備須說明所代表之機構。"
Expression: "who.where(reference.matches('^(.*/)?(Practitioner|Device)/.+$')).exists() implies onBehalfOf.exists()"

Instance: provenance-condition
InstanceOf: DhpProvenance
Usage: #example
Title: "A diagnosis by a physician, sent by the hospital"
* insert Synthetic
* target = Reference(condition-diabetes)
* recorded = "2026-05-02T09:20:00+08:00"
* agent[author].type = $provenance-agent#author "Author"
* agent[author].who = Reference(practitioner-wang)
* agent[author].onBehalfOf = Reference(organization-hospital-a)
* agent[transmitter].type = https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/provenance-participant-type-tw#transmitter
* agent[transmitter].who = Reference(organization-hospital-a)

Instance: bad-provenance-for-nobody
InstanceOf: Provenance
Usage: #example
Title: "A physician who acts for nobody"
* insert Bad(DhpProvenance, Provenance.agent[0], The organization is missing)
* target = Reference(condition-diabetes)
* recorded = "2026-05-02T09:20:00+08:00"
* agent.type = $provenance-agent#author
* agent.who = Reference(practitioner-wang)
