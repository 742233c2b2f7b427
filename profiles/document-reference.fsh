// https://hl7.org/fhir/R4/documentreference.html

Profile: DhpDocumentReference
Parent: DocumentReference
Id: dhp-document-reference
Title: "DHP Document Reference"
Description: "Where a document is and what it is: discharge summary, progress note, consent. Aligns with TW Core and US Core DocumentReference. 文件索引。"
* masterIdentifier MS
* identifier MS
* status MS
* type 1..1 MS
* category MS
* insert OfPatient(subject)
* date MS
* author MS
* custodian MS
* content MS
* content.attachment MS
* content.attachment obeys dhp-attachment
* content.attachment.contentType 1..1 MS
* content.attachment.data MS
* content.attachment.url MS
* content.format MS
* context MS
* context.encounter MS
* context.period MS

Invariant: dhp-attachment
Severity: #error
Description: "The document is in the record (data) or somewhere else (url). 文件須內含（data）或指明所在（url）。"
Expression: "data.exists() or url.exists()"

Instance: document-reference-discharge
InstanceOf: DhpDocumentReference
Usage: #example
Title: "A discharge summary"
* insert Synthetic
* status = #current
* type = $loinc#18842-5 "Discharge summary"
* category = $loinc#11503-0 "Medical records"
* subject = Reference(patient-chen)
* date = "2026-05-14T10:00:00+08:00"
* author = Reference(practitioner-wang)
* custodian = Reference(organization-hospital-a)
* content.attachment.contentType = #text/plain
* content.attachment.data = "5rWL6Kmm6LOH5paZ"
* content.attachment.title = "出院病摘"
* context.encounter = Reference(encounter-admission)
* context.period.start = "2026-05-10"
* context.period.end = "2026-05-14"

Instance: bad-document-reference-nowhere
InstanceOf: DocumentReference
Usage: #example
Title: "A document that is nowhere"
* insert Bad(DhpDocumentReference, DocumentReference.content[0].attachment, Neither data nor url)
* status = #current
* type = $loinc#18842-5
* subject = Reference(patient-chen)
* content.attachment.contentType = #application/pdf
