// https://hl7.org/fhir/R4/procedure.html

Profile: DhpProcedure
Parent: Procedure
Id: dhp-procedure
Title: "DHP Procedure"
Description: "An operation, intervention or examination, coded in ICD-10-PCS, NHI order codes or SNOMED CT. Aligns with TW Core and US Core Procedure. 手術或處置，以 ICD-10-PCS、健保支付代碼或 SNOMED CT 編碼。"
* basedOn MS
* status MS
* category MS
* code 1..1 MS
* code obeys dhp-coded-or-text
* code.coding obeys dhp-icd-10-pcs
* code.text MS
* insert OfPatient(subject)
* encounter MS
* performed[x] MS
* performer MS
* performer.actor MS
* performer.onBehalfOf MS
* asserter MS
* location MS
* reasonCode MS
* reasonReference MS
* bodySite MS
* obeys dhp-performed

Invariant: dhp-performed
Severity: #error
Description: "A completed or running procedure says when it was performed. 已完成或進行中之處置須有執行時間。"
Expression: "(status = 'completed' or status = 'in-progress') implies performed.exists()"

Instance: procedure-colonoscopy
InstanceOf: DhpProcedure
Usage: #example
Title: "A colonoscopy"
* insert Synthetic
* status = #completed
* code = $icd10pcs#0DJD8ZZ
* code.text = "大腸鏡檢查"
* subject = Reference(patient-chen)
* performedDateTime = "2026-05-11T10:00:00+08:00"
* performer.actor = Reference(practitioner-wang)

Instance: bad-procedure-pcs
InstanceOf: Procedure
Usage: #example
Title: "An ICD-10-PCS code with the letter O"
* insert Bad(DhpProcedure, Procedure.code.coding[0], ICD-10-PCS has no letter O)
* status = #completed
* code = $icd10pcs#ODJD8ZZ
* subject = Reference(patient-chen)
* performedDateTime = "2026-05-11"
