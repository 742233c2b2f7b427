// https://hl7.org/fhir/R4/relatedperson.html

Profile: DhpRelatedPerson
Parent: RelatedPerson
Id: dhp-related-person
Title: "DHP Related Person"
Description: "Someone who is involved in a patient's care: family, caregiver, guardian. Aligns with TW Core and US Core RelatedPerson. 病人之關係人，如家屬、照顧者、法定代理人。"
* insert PersonIdentifiers
* active 1..1 MS
* patient MS
* relationship MS
* insert PersonName
* insert Telecom
* insert TaiwanAddress

Instance: related-person-daughter
InstanceOf: DhpRelatedPerson
Usage: #example
Title: "A daughter who cares for her mother"
* insert Synthetic
* active = true
* patient = Reference(patient-chen)
* relationship = $role#DAUC "daughter"
* name.use = #official
* name.text = "林測試"
* telecom.system = #phone
* telecom.value = "0900-000-002"
* telecom.use = #mobile

Instance: bad-related-person-name
InstanceOf: RelatedPerson
Usage: #example
Title: "A related person whose name says nothing"
* insert Bad(DhpRelatedPerson, RelatedPerson.name[0], The name has neither text nor family)
* active = true
* patient = Reference(patient-chen)
* name.use = #official
