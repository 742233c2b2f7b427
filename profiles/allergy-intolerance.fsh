// https://hl7.org/fhir/R4/allergyintolerance.html

Profile: DhpAllergyIntolerance
Parent: AllergyIntolerance
Id: dhp-allergy-intolerance
Title: "DHP Allergy Intolerance"
Description: "An allergy or intolerance, to a medicine by its NHI or ATC code. Aligns with TW Core and US Core AllergyIntolerance. 過敏或不耐，藥品以健保或 ATC 代碼表示。"
* clinicalStatus MS
* verificationStatus MS
* category MS
* criticality MS
* code 1..1 MS
* code.coding obeys dhp-nhi-drug
* patient MS
* recordedDate MS
* recorder MS
* note MS
* reaction MS
* reaction.manifestation MS
* reaction.severity MS

Instance: allergy-penicillin
InstanceOf: DhpAllergyIntolerance
Usage: #example
Title: "An allergy to penicillin"
* insert Synthetic
* clinicalStatus = http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical#active
* verificationStatus = http://terminology.hl7.org/CodeSystem/allergyintolerance-verification#confirmed
* category = #medication
* criticality = #high
* code = $atc#J01CA "PENICILLINS WITH EXTENDED SPECTRUM"
* code.text = "盤尼西林類"
* patient = Reference(patient-chen)
* recordedDate = "2019-02-01"
* reaction.manifestation.text = "全身性蕁麻疹"
* reaction.severity = #moderate

Instance: bad-allergy-drug-code
InstanceOf: AllergyIntolerance
Usage: #example
Title: "An NHI drug code cut short"
* insert Bad(DhpAllergyIntolerance, AllergyIntolerance.code.coding[0], An NHI drug code has ten characters)
* clinicalStatus = http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical#active
* code = $nhi-drug#AC246121
* patient = Reference(patient-chen)
