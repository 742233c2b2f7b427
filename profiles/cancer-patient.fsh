// A patient with cancer: mCODE's patient with Taiwan's identifiers, names and addresses.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-cancer-patient.html

Profile: DhpCancerPatient
Parent: mcode-cancer-patient
Id: dhp-cancer-patient
Title: "DHP Cancer Patient"
Description: "A patient with cancer: conforms to mCODE Cancer Patient and to the rules of DHP Patient. 癌症病人：同時符合 mCODE 癌症病人與 DHP Patient 之規則。"
* obeys dhp-sex-digit
* insert PersonIdentifiers
* identifier contains medicalRecordNumber 1..* MS
* identifier[medicalRecordNumber] ^short = "Medical record number of a hospital 病歷號"
* identifier[medicalRecordNumber].type 1..1 MS
* identifier[medicalRecordNumber].type = $identifier-type#MR
* insert PersonName
* insert Telecom
* birthDate 1..1 MS
* deceased[x] MS
* insert TaiwanAddress

Instance: cancer-patient-example
InstanceOf: DhpCancerPatient
Usage: #example
Title: "A patient with lung cancer"
Description: "Synthetic patient with national ID and medical record number. 虛構癌症病人。"
* insert Synthetic
* identifier[nationalId].use = #official
* identifier[nationalId].type = $identifier-type#NNxxx
* identifier[nationalId].system = "http://www.moi.gov.tw"
* identifier[nationalId].value = "A223456781"
* identifier[medicalRecordNumber].use = #official
* identifier[medicalRecordNumber].type = $identifier-type#MR
* identifier[medicalRecordNumber].system = "https://hospital-a.example/mrn"
* identifier[medicalRecordNumber].value = "0054321"
* identifier[medicalRecordNumber].assigner.reference = "Organization/organization-hospital-a"
* name.use = #official
* name.text = "張測試"
* name.family = "張"
* name.given = "測試"
* gender = #female
* birthDate = "1958-09-21"
* insert ExampleAddress

Instance: bad-cancer-patient-id
InstanceOf: Patient
Usage: #example
Title: "A wrong check digit"
* insert Bad(DhpCancerPatient, Patient.identifier[0].value, [[the last digit of the national ID is wrong]])
* identifier[0].use = #official
* identifier[0].type = $identifier-type#NNxxx
* identifier[0].system = "http://www.moi.gov.tw"
* identifier[0].value = "A223456782"
* identifier[1].use = #official
* identifier[1].type = $identifier-type#MR
* identifier[1].system = "https://hospital-a.example/mrn"
* identifier[1].value = "0054321"
* name.use = #official
* name.text = "張測試"
* name.family = "張"
* gender = #female
* birthDate = "1958-09-21"
