// https://hl7.org/fhir/R4/medicationrequest.html

RuleSet: MedicationCoded
* medication[x] MS
* medication[x] only CodeableConcept or Reference(Medication)

RuleSet: DosageInstruction(element)
* {element} MS
* {element}.text MS
* {element}.patientInstruction MS
* {element}.timing MS
* {element}.timing.repeat MS
* {element}.timing.code MS
* {element}.timing.code from NhiMedicationFrequency (preferred)
* {element}.route MS
* {element}.route from NhiMedicationRoute (preferred)
* {element}.doseAndRate MS
* {element}.doseAndRate.dose[x] MS
* {element}.doseAndRate.rate[x] MS

Invariant: dhp-medication-codes
Severity: #error
Description: "An NHI drug code has ten characters: AC24612100. 健保藥品代碼為十碼。"
Expression: "medication.ofType(CodeableConcept).coding.where(system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medication-nhi-tw' and code.exists()).all(code.matches('^[A-Z][0-9A-Z]{9}$'))"

Invariant: dhp-dose
Severity: #error
Description: "The amount of a dose is more than zero and has a unit. 劑量須大於零並有單位。"
Expression: "value.exists() and value > 0 and (unit.exists() or code.exists())"

Profile: DhpMedicationRequest
Parent: MedicationRequest
Id: dhp-medication-request
Title: "DHP Medication Request"
Description: "A prescription, also of discharge and of medicines taken elsewhere. Aligns with TW Core and US Core MedicationRequest. 處方。"
* obeys dhp-medication-codes
* identifier MS
* status MS
* intent MS
* category MS
* reported[x] MS
* insert MedicationCoded
* insert OfPatient(subject)
* encounter MS
* authoredOn MS
* authoredOn obeys dhp-day
* requester MS
* reasonCode MS
* reasonReference MS
* insert DosageInstruction(dosageInstruction)
* dosageInstruction.doseAndRate.doseQuantity obeys dhp-dose
* note MS
* dispenseRequest MS
* dispenseRequest.validityPeriod MS
* dispenseRequest.numberOfRepeatsAllowed MS
* dispenseRequest.quantity MS
* dispenseRequest.expectedSupplyDuration MS

Instance: medication-request-metformin
InstanceOf: DhpMedicationRequest
Usage: #example
Title: "Metformin twice a day, a refillable prescription"
* insert Synthetic
* status = #active
* intent = #order
* category = http://terminology.hl7.org/CodeSystem/medicationrequest-category#outpatient "Outpatient"
* medicationReference = Reference(medication-metformin)
* subject = Reference(patient-chen)
* encounter = Reference(encounter-outpatient)
* authoredOn = "2026-05-02T09:15:00+08:00"
* requester = Reference(practitioner-wang)
* reasonReference = Reference(condition-diabetes)
* dosageInstruction.text = "每日二次，每次一錠，飯後口服"
* dosageInstruction.timing.code = $nhi-frequency#BID "每日二次"
* dosageInstruction.route = $nhi-route#PO "口服"
* dosageInstruction.doseAndRate.doseQuantity = 1 '{tbl}' "錠"
* dispenseRequest.numberOfRepeatsAllowed = 2
* dispenseRequest.quantity = 56 '{tbl}' "錠"
* dispenseRequest.expectedSupplyDuration = 28 'd' "天"

Instance: bad-medication-request-no-dose
InstanceOf: MedicationRequest
Usage: #example
Title: "A prescription of nothing"
* insert Bad(DhpMedicationRequest, [[MedicationRequest.dosageInstruction[0].doseAndRate[0].dose.ofType(Quantity)]], The dose is zero)
* status = #active
* intent = #order
* medicationCodeableConcept = $nhi-drug#AC43512100
* subject = Reference(patient-chen)
* dosageInstruction.doseAndRate.doseQuantity = 0 '{tbl}' "錠"

Instance: bad-medication-request-month
InstanceOf: MedicationRequest
Usage: #example
Title: "A prescription of some day in May"
* insert Bad(DhpMedicationRequest, MedicationRequest.authoredOn, The day is missing)
* status = #active
* intent = #order
* medicationCodeableConcept = $nhi-drug#AC43512100
* subject = Reference(patient-chen)
* authoredOn = "2026-05"
