// https://hl7.org/fhir/R4/coverage.html

Profile: DhpCoverage
Parent: Coverage
Id: dhp-coverage
Title: "DHP Coverage"
Description: "Who pays: the National Health Insurance or another insurer. Aligns with TW Core and US Core Coverage. 保險資訊：全民健康保險或其他保險。"
* identifier MS
* identifier ^slicing.discriminator.type = #pattern
* identifier ^slicing.discriminator.path = "type"
* identifier ^slicing.rules = #open
* identifier contains memberId 0..1 MS
* identifier[memberId].type 1..1 MS
* identifier[memberId].type = $identifier-type#MB
* identifier[memberId].value 1..1
* status MS
* type MS
* subscriberId MS
* beneficiary MS
* relationship 1..1 MS
* period MS
* payor 1..1 MS
* class MS
* class.value MS
* class.name MS
* obeys dhp-insured-number

Invariant: dhp-insured-number
Severity: #error
Description: "A coverage has the number of the insured: an identifier of type MB or subscriberId. 須有被保險人號碼（identifier 之 MB 或 subscriberId）。"
Expression: "subscriberId.exists() or identifier.type.coding.where(system = 'http://terminology.hl7.org/CodeSystem/v2-0203' and code = 'MB').exists()"

Instance: coverage-nhi
InstanceOf: DhpCoverage
Usage: #example
Title: "National Health Insurance"
Description: "The number of the insured is the national ID number. 健保被保險人號碼為身分證統一編號。"
* insert Synthetic
* identifier[memberId].type = $identifier-type#MB "Member Number"
* identifier[memberId].system = "http://www.moi.gov.tw"
* identifier[memberId].value = "A223456781"
* status = #active
* type = $act#PUBLICPOL "public healthcare"
* beneficiary = Reference(patient-chen)
* relationship = http://terminology.hl7.org/CodeSystem/subscriber-relationship#self
* period.start = "1995-03-01"
* payor = Reference(organization-insurer)

Instance: bad-coverage-number
InstanceOf: Coverage
Usage: #example
Title: "A coverage without a number"
* insert Bad(DhpCoverage, Coverage, The number of the insured is missing)
* status = #active
* beneficiary = Reference(patient-chen)
* relationship = http://terminology.hl7.org/CodeSystem/subscriber-relationship#self
* payor = Reference(organization-insurer)
