// Surgery for cancer, with its intent and the reason.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-cancer-related-surgical-procedure.html

Invariant: dhp-surgery-coded
Description: "A surgery has an ICD-10-PCS code or an NHI order code / 手術須有 ICD-10-PCS 代碼或健保醫令碼"
Severity: #error
Expression: "coding.where(system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-pcs-2023-tw' or system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-pcs-2021-tw' or system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/medical-service-payment-tw').exists()"

Invariant: dhp-cancer-reason
Description: "The cancer that is treated is named, by reference or by code / 須以參照或代碼指明所治療之癌症"
Severity: #error
Expression: "reasonReference.exists() or reasonCode.coding.exists()"

Profile: DhpCancerRelatedSurgicalProcedure
Parent: mcode-cancer-related-surgical-procedure
Id: dhp-cancer-related-surgical-procedure
Title: "DHP Cancer-Related Surgical Procedure"
Description: "Surgery for cancer. SNOMED CT may stand beside the NHI order code. 癌症手術：健保醫令碼或 ICD-10-PCS，並註明治療目的與對應癌症；對應癌症登記 4.1 欄。"
* obeys dhp-cancer-reason
* extension[treatmentIntent] MS
* code obeys dhp-surgery-coded
* performed[x] 1..1
* bodySite obeys dhp-icd-o-3-topography

Instance: surgery-lobectomy
InstanceOf: DhpCancerRelatedSurgicalProcedure
Usage: #example
Title: "Thoracoscopic lobectomy"
* insert Synthetic
* extension[treatmentIntent].valueCodeableConcept = $sct#373808002 "Curative - procedure intent"
* status = #completed
* code.coding[0] = $nhi-order#67050B "胸腔鏡肺葉切除術"
* code.coding[1] = $sct#173171007 "Lobectomy of lung (procedure)"
* subject.reference = "Patient/cancer-patient-example"
* performedDateTime = "2024-04-08T08:30:00+08:00"
* reasonReference.reference = "Condition/primary-cancer-lung"
* bodySite.coding[0] = $icdo3#C34.1 "Upper lobe, lung"
* bodySite.extension[lateralityQualifier].valueCodeableConcept = $sct#24028007 "Right (qualifier value)"

Instance: bad-surgery-reason
InstanceOf: Procedure
Usage: #example
Title: "A cancer surgery without cancer"
* insert Bad(DhpCancerRelatedSurgicalProcedure, Procedure, [[the cancer is not named]])
* status = #completed
* code = $nhi-order#67050B "胸腔鏡肺葉切除術"
* subject.reference = "Patient/cancer-patient-example"
* performedDateTime = "2024-04-08"
* bodySite = $sct#39607008 "Lung structure (body structure)"

Instance: bad-surgery-code
InstanceOf: Procedure
Usage: #example
Title: "A surgery in words only"
* insert Bad(DhpCancerRelatedSurgicalProcedure, Procedure.code, [[neither ICD-10-PCS nor NHI order code]])
* status = #completed
* code.text = "胸腔鏡肺葉切除術"
* subject.reference = "Patient/cancer-patient-example"
* performedDateTime = "2024-04-08"
* reasonReference.reference = "Condition/primary-cancer-lung"
