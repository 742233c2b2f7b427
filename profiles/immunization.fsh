// https://hl7.org/fhir/R4/immunization.html

Profile: DhpImmunization
Parent: Immunization
Id: dhp-immunization
Title: "DHP Immunization"
Description: "A vaccination, given or not. Aligns with TW Core and US Core Immunization. 預防接種紀錄。"
* status MS
* statusReason MS
* vaccineCode MS
* vaccineCode obeys dhp-coded-or-text
* patient MS
* encounter MS
* location MS
* occurrence[x] MS
* occurrence[x] obeys dhp-day
* primarySource MS
* manufacturer MS
* lotNumber MS
* performer MS
* protocolApplied MS
* obeys dhp-not-given

Invariant: dhp-not-given
Severity: #error
Description: "A vaccination that was not given says why. 未接種須說明原因。"
Expression: "status = 'not-done' implies statusReason.exists()"

Instance: immunization-influenza
InstanceOf: DhpImmunization
Usage: #example
Title: "A vaccination against influenza"
* insert Synthetic
* status = #completed
* vaccineCode = $atc#J07BB02 "influenza, inactivated, split virus or surface antigen"
* vaccineCode.text = "流感疫苗"
* patient = Reference(patient-chen)
* occurrenceDateTime = "2025-10-15"
* primarySource = true
* lotNumber = "TEST-0001"

Instance: bad-immunization-not-done
InstanceOf: Immunization
Usage: #example
Title: "Not vaccinated, without a reason"
* insert Bad(DhpImmunization, Immunization, The reason is missing)
* status = #not-done
* vaccineCode = $atc#J07BB02
* patient = Reference(patient-chen)
* occurrenceDateTime = "2025-10-15"
