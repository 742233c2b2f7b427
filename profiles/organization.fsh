// https://hl7.org/fhir/R4/organization.html

Profile: DhpOrganization
Parent: Organization
Id: dhp-organization
Title: "DHP Organization"
Description: "A hospital, clinic, laboratory, insurer or agency. Aligns with TW Core and US Core Organization. 機構。"
* identifier MS
* identifier.type MS
* identifier.system MS
* identifier.value MS
* active MS
* type MS
* name 1..1 MS
* insert Telecom
* insert TaiwanAddress

Profile: DhpHospital
Parent: DhpOrganization
Id: dhp-hospital
Title: "DHP Hospital"
Description: "A medical institution with its ten-digit code. Aligns with TW Core Organization (hospital). 醫事機構，具十碼醫事機構代碼。"
* identifier 1..*
* identifier ^slicing.discriminator.type = #pattern
* identifier ^slicing.discriminator.path = "type"
* identifier ^slicing.rules = #open
* identifier contains hospitalCode 1..1 MS
* identifier[hospitalCode] ^short = "Ten-digit code 醫事機構代碼"
* identifier[hospitalCode].type 1..1 MS
* identifier[hospitalCode].type = $identifier-type#PRN
* identifier[hospitalCode].system 1..1
* identifier[hospitalCode].system = $hospital-code
* identifier[hospitalCode].value 1..1
* identifier[hospitalCode].value obeys dhp-hospital-code-format
* type 1..*
* type = http://terminology.hl7.org/CodeSystem/organization-type#prov

Instance: organization-hospital-a
InstanceOf: DhpHospital
Usage: #example
Title: "A hospital"
* insert Synthetic
* identifier[hospitalCode].use = #official
* identifier[hospitalCode].type = $identifier-type#PRN
* identifier[hospitalCode].system = $hospital-code
* identifier[hospitalCode].value = "9999999901"
* active = true
* type = http://terminology.hl7.org/CodeSystem/organization-type#prov
* name = "測試醫院甲"
* telecom.system = #phone
* telecom.value = "02-0000-0000"

Instance: organization-insurer
InstanceOf: DhpOrganization
Usage: #example
Title: "The National Health Insurance as a payer"
* insert Synthetic
* active = true
* type = http://terminology.hl7.org/CodeSystem/organization-type#pay
* name = "衛生福利部中央健康保險署（測試資料）"

Instance: bad-hospital-code
InstanceOf: Organization
Usage: #example
Title: "A hospital code with nine digits"
* insert Bad(DhpHospital, Organization.identifier[0].value, A hospital code has ten digits)
* identifier.type = $identifier-type#PRN
* identifier.system = $hospital-code
* identifier.value = "999999990"
* type = http://terminology.hl7.org/CodeSystem/organization-type#prov
* name = "測試醫院乙"
