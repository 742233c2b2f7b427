// https://hl7.org/fhir/R4/servicerequest.html

Profile: DhpServiceRequest
Parent: ServiceRequest
Id: dhp-service-request
Title: "DHP Service Request"
Description: "An order of an examination, procedure or referral. Aligns with TW Core and US Core ServiceRequest. 檢查、處置或轉診之申請。"
* identifier MS
* status MS
* intent MS
* category MS
* code 1..1 MS
* code obeys dhp-coded-or-text
* code.coding obeys dhp-icd-10-pcs
* insert OfPatient(subject)
* encounter MS
* occurrence[x] MS
* authoredOn MS
* authoredOn obeys dhp-day
* requester MS
* performer MS
* reasonCode MS
* reasonReference MS
* specimen MS

Instance: service-request-colonoscopy
InstanceOf: DhpServiceRequest
Usage: #example
Title: "An order of a colonoscopy"
* insert Synthetic
* status = #completed
* intent = #order
* category = $sct#103693007 "Diagnostic procedure"
* code = $icd10pcs#0DJD8ZZ
* code.text = "大腸鏡檢查"
* subject = Reference(patient-chen)
* encounter = Reference(encounter-outpatient)
* occurrenceDateTime = "2026-05-11"
* authoredOn = "2026-05-02T09:18:00+08:00"
* requester = Reference(practitioner-wang)

Instance: bad-service-request-group
InstanceOf: ServiceRequest
Usage: #example
Title: "An order for a group"
* insert Bad(DhpServiceRequest, ServiceRequest.subject, The subject is a patient)
* status = #active
* intent = #order
* code.text = "大腸鏡檢查"
* subject.reference = "Group/screening"
