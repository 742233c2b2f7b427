// https://hl7.org/fhir/R4/patient.html

Profile: DhpPatient
Parent: Patient
Id: dhp-patient
Title: "DHP Patient"
Description: "A person who receives care: who it is, how to reach them. Aligns with TW Core Patient and US Core Patient. 病人基本資料；與臺灣核心實作指引 Patient 及 US Core Patient 一致。"
* obeys dhp-sex-digit
* insert PersonIdentifiers
* identifier 1..*
* identifier contains medicalRecordNumber 0..* MS
* identifier[medicalRecordNumber] ^short = "Medical record number of a hospital 病歷號"
* identifier[medicalRecordNumber].type 1..1 MS
* identifier[medicalRecordNumber].type = $identifier-type#MR
* identifier[medicalRecordNumber].assigner MS
* identifier[medicalRecordNumber].assigner ^short = "The hospital, by its ten-digit code 核發醫院"
* insert PersonName
* active MS
* name 1..*
* insert Telecom
* gender 1..1 MS
* birthDate 1..1 MS
* deceased[x] MS
* insert TaiwanAddress
* maritalStatus MS
* contact MS
* contact.relationship MS
* contact.name MS
* contact.telecom MS
* communication MS
* communication.language MS
* managingOrganization MS
* extension contains http://hl7.org/fhir/StructureDefinition/patient-nationality named nationality 0..1 MS

Instance: patient-chen
InstanceOf: DhpPatient
Usage: #example
Title: "A patient with national ID and record number"
Description: "Synthetic patient with a Chinese and a romanised name. 虛構病人：具中文與羅馬拼音姓名。"
* insert Synthetic
* active = true
* identifier[nationalId].use = #official
* identifier[nationalId].type = $identifier-type#NNxxx
* identifier[nationalId].system = "http://www.moi.gov.tw"
* identifier[nationalId].value = "A223456781"
* identifier[medicalRecordNumber].use = #official
* identifier[medicalRecordNumber].type = $identifier-type#MR
* identifier[medicalRecordNumber].system = "https://hospital-a.example/mrn"
* identifier[medicalRecordNumber].value = "0012345"
* identifier[medicalRecordNumber].assigner = Reference(organization-hospital-a)
* identifier[passport].use = #official
* identifier[passport].type = $identifier-type#PPN
* identifier[passport].system = "http://hl7.org/fhir/sid/passport-TWN"
* identifier[passport].value = "399999999"
* name[+].use = #official
* name[=].text = "陳測試"
* name[=].family = "陳"
* name[=].given = "測試"
* name[=].extension[representation].valueCode = #IDE
* name[+].use = #usual
* name[=].text = "Chen Ce-Shi"
* name[=].family = "Chen"
* name[=].given = "Ce-Shi"
* name[=].extension[representation].valueCode = #ABC
* telecom.system = #phone
* telecom.value = "0900-000-001"
* telecom.use = #mobile
* gender = #female
* birthDate = "1962-03-14"
* insert ExampleAddress
* maritalStatus = http://terminology.hl7.org/CodeSystem/v3-MaritalStatus#M "Married"
* communication.language = urn:ietf:bcp:47#zh-TW
* communication.preferred = true
* managingOrganization = Reference(organization-hospital-a)

Instance: patient-resident
InstanceOf: DhpPatient
Usage: #example
Title: "A patient with a resident certificate"
Description: "Synthetic foreign resident with a new-style number. 虛構外籍居民：新式統一證號。"
* insert Synthetic
* identifier[residentCertificate].use = #official
* identifier[residentCertificate].type = $identifier-type#PRC
* identifier[residentCertificate].system = "http://www.immigration.gov.tw"
* identifier[residentCertificate].value = "F800123455"
* name.use = #official
* name.text = "NGUYEN THI TEST"
* name.family = "NGUYEN"
* name.given[0] = "THI"
* name.given[1] = "TEST"
* gender = #female
* birthDate = "1991-11-02"
* extension[nationality].extension[code].valueCodeableConcept = urn:iso:std:iso:3166#VN

RuleSet: BadPatient(expression, why)
* insert Bad(DhpPatient, {expression}, [[{why}]])
* name.use = #official
* name.text = "陳測試"
* gender = #female
* birthDate = "1962-03-14"

Instance: bad-patient-check-digit
InstanceOf: Patient
Usage: #example
Title: "A national ID with a wrong check digit"
* insert BadPatient(Patient.identifier[0].value, The check digit is wrong)
* identifier.use = #official
* identifier.type = $identifier-type#NNxxx
* identifier.system = "http://www.moi.gov.tw"
* identifier.value = "A223456782"

Instance: bad-patient-resident-check-digit
InstanceOf: Patient
Usage: #example
Title: "A resident certificate with a wrong check digit"
* insert BadPatient(Patient.identifier[0].value, The check digit is wrong)
* identifier.use = #official
* identifier.type = $identifier-type#PRC
* identifier.system = "http://www.immigration.gov.tw"
* identifier.value = "AC12345678"

Instance: bad-patient-untyped-national-id
InstanceOf: Patient
Usage: #example
Title: "A national ID that does not say it is one"
* insert BadPatient(Patient.identifier[0], The identifier has no type)
* identifier.system = "http://www.moi.gov.tw"
* identifier.value = "A223456781"

Instance: bad-patient-postal-code
InstanceOf: Patient
Usage: #example
Title: "A postal code with four digits"
* insert BadPatient(Patient.address[0], A postal code has 3\, 5 or 6 digits)
* identifier.system = "https://hospital-a.example/mrn"
* identifier.type = $identifier-type#MR
* identifier.value = "1"
* insert ExampleAddress
* address.postalCode = "1000"
