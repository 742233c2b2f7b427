// https://hl7.org/fhir/R4/observation.html

// What all observations of one patient have in common.
RuleSet: PatientObservation
* status MS
* category MS
* code MS
* insert OfPatient(subject)
* encounter MS
* effective[x] MS
* performer MS
* value[x] MS
* dataAbsentReason MS

Invariant: dhp-result
Severity: #error
Description: "A result has a value, components or members, or says why it has none (dataAbsentReason). 結果須有數值、component、hasMember，或說明缺值原因。"
Expression: "value.exists() or dataAbsentReason.exists() or component.exists() or hasMember.exists()"

Invariant: dhp-lab-code
Severity: #warning
Description: "A laboratory test has a LOINC or NHI order code, so that results of several hospitals can be compared. 檢驗項目應有 LOINC 或健保支付代碼。"
Expression: "coding.where(system = 'http://loinc.org' or system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medical-service-payment-tw').exists()"

Profile: DhpLaboratoryResult
Parent: Observation
Id: dhp-laboratory-result
Title: "DHP Laboratory Result"
Description: "The result of a laboratory test, coded in LOINC, NHI order codes or both. Aligns with TW Core and US Core laboratory result. 檢驗結果，以 LOINC 或健保支付代碼編碼。"
* insert PatientObservation
* obeys dhp-result
* insert CategoryIs(laboratory, $observation-category#laboratory)
* code obeys dhp-lab-code
* effective[x] 1..1
* effective[x] obeys dhp-day
* valueQuantity obeys dhp-ucum
* interpretation MS
* specimen MS
* referenceRange MS
* hasMember MS
* component MS

Instance: laboratory-result-hba1c
InstanceOf: DhpLaboratoryResult
Usage: #example
Title: "Haemoglobin A1c"
* insert Synthetic
* status = #final
* category[laboratory] = $observation-category#laboratory
* code.coding[0] = $loinc#4548-4 "Hemoglobin A1c/Hemoglobin.total in Blood"
* code.coding[1] = $nhi-order#09006C
* code.text = "醣化血紅素"
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02T08:10:00+08:00"
* performer = Reference(organization-hospital-a)
* valueQuantity = 7.2 '%' "%"
* interpretation = http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation#H "High"
* referenceRange.high = 5.6 '%' "%"
* specimen = Reference(specimen-blood)

Instance: bad-laboratory-result-nothing
InstanceOf: Observation
Usage: #example
Title: "A result without a result"
* insert Bad(DhpLaboratoryResult, Observation, Neither value nor reason)
* status = #final
* category = $observation-category#laboratory
* code = $loinc#4548-4
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"

Instance: bad-laboratory-result-category
InstanceOf: Observation
Usage: #example
Title: "A laboratory result that says it is an examination"
* insert Bad(DhpLaboratoryResult, Observation, The category laboratory is missing)
* status = #final
* category = $observation-category#exam
* code = $loinc#4548-4
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueQuantity = 7.2 '%' "%"

Instance: bad-laboratory-result-unit
InstanceOf: Observation
Usage: #example
Title: "A unit of a hospital's own"
* insert Bad(DhpLaboratoryResult, [[Observation.value.ofType(Quantity)]], The unit is not UCUM's)
* status = #final
* category = $observation-category#laboratory
* code = $loinc#4548-4
* subject = Reference(patient-chen)
* effectiveDateTime = "2026-05-02"
* valueQuantity.value = 7.2
* valueQuantity.system = "https://hospital-a.example/units"
* valueQuantity.code = #pct
