// https://hl7.org/fhir/R4/medication.html

Profile: DhpMedication
Parent: Medication
Id: dhp-medication
Title: "DHP Medication"
Description: "A medicine by its NHI drug code, ATC code or licence. Aligns with TW Core and US Core Medication. 藥品，以健保藥品代碼、ATC 代碼或許可證字號表示。"
* code 1..1 MS
* code.coding obeys dhp-nhi-drug
* code.text MS
* form MS
* ingredient MS

Instance: medication-metformin
InstanceOf: DhpMedication
Usage: #example
Title: "Metformin tablets"
* insert Synthetic
* code.coding[0] = $nhi-drug#AC43512100
* code.coding[1] = $atc#A10BA02 "metformin"
* code.text = "Metformin 500 mg 膜衣錠（測試資料）"

Instance: bad-medication-drug-code
InstanceOf: Medication
Usage: #example
Title: "An NHI drug code in small letters"
* insert Bad(DhpMedication, Medication.code.coding[0], An NHI drug code has capital letters)
* code = $nhi-drug#ac43512100
