// https://hl7.org/fhir/R4/specimen.html

Profile: DhpSpecimen
Parent: Specimen
Id: dhp-specimen
Title: "DHP Specimen"
Description: "What was taken from a patient to be examined. Aligns with TW Core and US Core Specimen. 檢體。"
* identifier MS
* accessionIdentifier MS
* status MS
* type 1..1 MS
* insert OfPatient(subject)
* receivedTime MS
* collection MS
* collection.collected[x] MS
* collection.bodySite MS
* condition MS
* obeys dhp-received-after-collected

Invariant: dhp-received-after-collected
Severity: #error
Description: "A specimen is not received before it is collected. 檢體簽收時間不得早於採檢時間。"
Expression: "iif(receivedTime < collection.collected.ofType(dateTime), false, true)"

Instance: specimen-blood
InstanceOf: DhpSpecimen
Usage: #example
Title: "Blood"
* insert Synthetic
* accessionIdentifier.system = "https://hospital-a.example/specimens"
* accessionIdentifier.value = "B20260502-0042"
* status = #available
* type = http://terminology.hl7.org/CodeSystem/v2-0487#BLD "Whole blood"
* subject = Reference(patient-chen)
* receivedTime = "2026-05-02T08:40:00+08:00"
* collection.collectedDateTime = "2026-05-02T08:10:00+08:00"

Instance: bad-specimen-times
InstanceOf: Specimen
Usage: #example
Title: "Received before it was taken"
* insert Bad(DhpSpecimen, Specimen, Received before collected)
* status = #available
* type = http://terminology.hl7.org/CodeSystem/v2-0487#BLD
* subject = Reference(patient-chen)
* receivedTime = "2026-05-02T08:10:00+08:00"
* collection.collectedDateTime = "2026-05-02T08:40:00+08:00"
