// https://hl7.org/fhir/R4/practitioner.html

Profile: DhpPractitioner
Parent: Practitioner
Id: dhp-practitioner
Title: "DHP Practitioner"
Description: "Someone who gives care: physician, nurse, pharmacist, technologist. Aligns with TW Core and US Core Practitioner. 醫事人員。"
* insert PersonIdentifiers
* identifier 1..*
* identifier contains licence 0..* MS
* identifier[licence] ^short = "Licence number of a profession 醫事人員證書字號"
* identifier[licence].type 1..1 MS
* identifier[licence].type = $identifier-type#MD
* active MS
* insert PersonName
* name 1..*
* insert Telecom
* insert TaiwanAddress
* birthDate MS
* gender MS
* qualification MS

Instance: practitioner-wang
InstanceOf: DhpPractitioner
Usage: #example
Title: "A physician"
* insert Synthetic
* identifier[licence].use = #official
* identifier[licence].type = $identifier-type#MD
* identifier[licence].system = "https://hospital-a.example/physicians"
* identifier[licence].value = "D000123"
* active = true
* name.use = #official
* name.text = "王測試"
* name.family = "王"
* name.given = "測試"
* gender = #male

Instance: bad-practitioner-national-id
InstanceOf: Practitioner
Usage: #example
Title: "A national ID with a letter too many"
* insert Bad(DhpPractitioner, Practitioner.identifier[0].value, A national ID has one letter and nine digits)
* identifier.use = #official
* identifier.type = $identifier-type#NNxxx
* identifier.system = "http://www.moi.gov.tw"
* identifier.value = "AB23456789"
* name.text = "王測試"
