// https://hl7.org/fhir/R4/practitionerrole.html

Profile: DhpPractitionerRole
Parent: PractitionerRole
Id: dhp-practitioner-role
Title: "DHP Practitioner Role"
Description: "What a practitioner does in an organization, and in which department of the National Health Insurance. Aligns with TW Core and US Core PractitionerRole. 醫事人員於機構之角色與健保就醫科別。"
* identifier MS
* active MS
* practitioner MS
* practitioner only Reference(Practitioner)
* organization MS
* code MS
* specialty MS
* specialty from NhiDepartment (preferred)
* location MS
* insert Telecom
* endpoint MS
* obeys dhp-role-who

Invariant: dhp-role-who
Severity: #error
Description: "A role names the practitioner or the organization. 須指明醫事人員或機構。"
Expression: "practitioner.exists() or organization.exists()"

Instance: practitioner-role-oncologist
InstanceOf: DhpPractitionerRole
Usage: #example
Title: "A physician in the department of haematology and oncology"
* insert Synthetic
* active = true
* practitioner = Reference(practitioner-wang)
* organization = Reference(organization-hospital-a)
* specialty = $nhi-department#AF "血液腫瘤科"
* location = Reference(location-clinic)
* telecom.system = #phone
* telecom.value = "02-0000-0000"

Instance: bad-practitioner-role-nobody
InstanceOf: PractitionerRole
Usage: #example
Title: "A role of nobody, nowhere"
* insert Bad(DhpPractitionerRole, PractitionerRole, Neither practitioner nor organization)
* active = true
* specialty = $nhi-department#AF
