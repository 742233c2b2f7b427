// Primary and secondary cancer: what, where, which side, which histology, since when.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-primary-cancer-condition.html

Invariant: dhp-primary-code
Description: "A metastasis (C77-C79, C7B) is a secondary cancer condition, not a primary one / 轉移癌（C77-C79、C7B）應使用次發癌症 Profile"
Severity: #error
Expression: "coding.where(system = 'http://hl7.org/fhir/sid/icd-10-cm' or system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw').all(code.matches('^(C77|C78|C79|C7B)').not())"

Invariant: dhp-secondary-code
Description: "A secondary cancer condition has a code of C77-C79, C7B or C80 / 次發癌症代碼應為 C77-C79、C7B 或 C80"
Severity: #error
Expression: "coding.where(system = 'http://hl7.org/fhir/sid/icd-10-cm' or system = 'https://twcore.mohw.gov.tw/ig/twcore/CodeSystem/icd-10-cm-2023-tw').all(code.matches('^(C77|C78|C79|C7B|C80)'))"

Invariant: dhp-cancer-first-diagnosed
Description: "The day of first diagnosis is told, as onset or as the date of assertion / 必須記錄首次診斷日期（onset 或 assertedDate）"
Severity: #error
Expression: "onset.exists() or extension.where(url = 'http://hl7.org/fhir/StructureDefinition/condition-assertedDate').exists()"

Invariant: dhp-primary-behaviour
Description: "The behaviour of a primary cancer is /0, /1, /2 or /3; /6 is a metastasis / 原發癌性態碼為 /0、/1、/2、/3；/6 為轉移"
Severity: #error
Expression: "coding.where(system = 'http://terminology.hl7.org/CodeSystem/icd-o-3').all(code.matches('/[69]$').not())"

Profile: DhpPrimaryCancerCondition
Parent: mcode-primary-cancer-condition
Id: dhp-primary-cancer-condition
Title: "DHP Primary Cancer Condition"
Description: "A primary cancer as the Taiwan cancer registry records it: ICD-10-CM code, ICD-O-3 topography with laterality and ICD-O-3 morphology. 原發癌症：ICD-10-CM 診斷碼、ICD-O-3 原發部位與側性、ICD-O-3 組織型態與性態，對應癌症登記 2.5 至 2.9 欄。"
* obeys dhp-cancer-first-diagnosed
* extension[assertedDate] MS
* extension[histologyMorphologyBehavior] 1..1 MS
* extension[histologyMorphologyBehavior].value[x] obeys dhp-icd-o-3-morphology and dhp-primary-behaviour
* clinicalStatus 1..1 MS
* verificationStatus 1..1 MS
* category[us-core] 1..1
* category[screening-assessment] 0..1
* category 1..1
* category ^short = "problem-list-item or health-concern; snomed 372087000 may stand beside it, for queries of mCODE"
* insert CancerCode
* code obeys dhp-primary-code
* bodySite 1..* MS
* bodySite obeys dhp-icd-o-3-topography and dhp-laterality
* stage MS
* recordedDate MS

Profile: DhpSecondaryCancerCondition
Parent: mcode-secondary-cancer-condition
Id: dhp-secondary-cancer-condition
Title: "DHP Secondary Cancer Condition"
Description: "A metastasis and the primary cancer that it comes from. 次發（轉移）癌症，並指明其原發癌。"
* obeys dhp-cancer-first-diagnosed
* extension[relatedPrimaryCancerCondition] 1..1 MS
* clinicalStatus 1..1 MS
* verificationStatus 1..1 MS
* category[us-core] 1..1
* category[screening-assessment] 0..1
* category 1..1
* insert CancerCode
* code obeys dhp-secondary-code
* bodySite obeys dhp-icd-o-3-topography
* recordedDate MS

Instance: primary-cancer-lung
InstanceOf: DhpPrimaryCancerCondition
Usage: #example
Title: "Adenocarcinoma of the right upper lobe"
Description: "Lung cancer with ICD-10-CM, ICD-O-3 and SNOMED CT codes, its side and its stage."
* insert Synthetic
* extension[assertedDate].valueDateTime = "2024-03-12"
* extension[histologyMorphologyBehavior].valueCodeableConcept = $icdo3#8140/3 "Adenocarcinoma, NOS"
* clinicalStatus = $condition-clinical#active
* verificationStatus = $condition-ver#confirmed
* category.coding[0] = $condition-category#problem-list-item "Problem List Item"
* category.coding[1] = $sct#372087000 "Primary malignant neoplasm (disorder)"
* code.coding[icd10cmTW] = $icd10cm#C34.11 "右側上葉支氣管或肺惡性腫瘤"
* code.coding[icd10cm] = $icd10cm-us#C34.11 "Malignant neoplasm of upper lobe, right bronchus or lung"
* code.coding[snomed] = $sct#254626006 "Adenocarcinoma of lung (disorder)"
* code.text = "右上肺葉肺腺癌"
* bodySite.coding[0] = $icdo3#C34.1 "Upper lobe, lung"
* bodySite.coding[1] = $sct#39607008 "Lung structure (body structure)"
* bodySite.extension[lateralityQualifier].valueCodeableConcept = $sct#24028007 "Right (qualifier value)"
* subject.reference = "Patient/cancer-patient-example"
* onsetDateTime = "2024-03-12"
* recordedDate = "2024-03-12"
* stage.summary = $ajcc#IVA
* stage.type = $sct#897275008 "American Joint Commission on Cancer, Cancer Staging Manual, 8th edition neoplasm staging system (tumor staging)"
* stage.assessment.reference = "Observation/stage-group-lung"

Instance: secondary-cancer-bone
InstanceOf: DhpSecondaryCancerCondition
Usage: #example
Title: "Bone metastasis of a lung cancer"
* insert Synthetic
* extension[relatedPrimaryCancerCondition].valueReference.reference = "Condition/primary-cancer-lung"
* clinicalStatus = $condition-clinical#active
* verificationStatus = $condition-ver#confirmed
* category.coding[0] = $condition-category#problem-list-item "Problem List Item"
* category.coding[1] = $sct#128462008 "Secondary malignant neoplastic disease (disorder)"
* code.coding[icd10cmTW] = $icd10cm#C79.51 "骨續發性惡性腫瘤"
* code.coding[icd10cm] = $icd10cm-us#C79.51 "Secondary malignant neoplasm of bone"
* code.coding[snomed] = $sct#94222008 "Secondary malignant neoplasm of bone (disorder)"
* bodySite.coding = $icdo3#C41.2 "Vertebral column"
* subject.reference = "Patient/cancer-patient-example"
* onsetDateTime = "2024-03-15"
* recordedDate = "2024-03-15"

Instance: bad-primary-cancer-side
InstanceOf: Condition
Usage: #example
Title: "A breast cancer without side"
Description: "The breast is a paired organ: without a laterality qualifier the record is refused."
* insert Bad(DhpPrimaryCancerCondition, Condition.bodySite[0], [[the breast is paired and no side is given]])
* extension[0].url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
* extension[0].valueCodeableConcept = $icdo3#8500/3 "Infiltrating duct carcinoma, NOS"
* clinicalStatus = $condition-clinical#active
* verificationStatus = $condition-ver#confirmed
* category = $condition-category#problem-list-item
* code.coding[0] = $icd10cm#C50.411 "右側女性乳房上外四分之一惡性腫瘤"
* code.coding[1] = $icd10cm-us#C50.411 "Malignant neoplasm of upper-outer quadrant of right female breast"
* bodySite = $icdo3#C50.4 "Upper-outer quadrant of breast"
* subject.reference = "Patient/cancer-patient-example"
* onsetDateTime = "2024-03-12"

Instance: bad-primary-cancer-metastasis
InstanceOf: Condition
Usage: #example
Title: "A metastasis called primary"
* insert Bad(DhpPrimaryCancerCondition, Condition.code, [[C79.51 is a metastasis]])
* extension[0].url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
* extension[0].valueCodeableConcept = $icdo3#8140/3 "Adenocarcinoma, NOS"
* clinicalStatus = $condition-clinical#active
* verificationStatus = $condition-ver#confirmed
* category = $condition-category#problem-list-item
* code.coding[0] = $icd10cm#C79.51 "骨續發性惡性腫瘤"
* code.coding[1] = $icd10cm-us#C79.51 "Secondary malignant neoplasm of bone"
* bodySite = $icdo3#C41.2 "Vertebral column"
* subject.reference = "Patient/cancer-patient-example"
* onsetDateTime = "2024-03-12"

Instance: bad-secondary-cancer-code
InstanceOf: Condition
Usage: #example
Title: "A primary cancer called secondary"
* insert Bad(DhpSecondaryCancerCondition, Condition.code, [[C34.11 is a primary cancer]])
* extension[0].url = "http://hl7.org/fhir/StructureDefinition/condition-related"
* extension[0].valueReference.reference = "Condition/primary-cancer-lung"
* clinicalStatus = $condition-clinical#active
* verificationStatus = $condition-ver#confirmed
* category = $condition-category#problem-list-item
* code.coding[0] = $icd10cm#C34.11 "右側上葉支氣管或肺惡性腫瘤"
* code.coding[1] = $icd10cm-us#C34.11 "Malignant neoplasm of upper lobe, right bronchus or lung"
* subject.reference = "Patient/cancer-patient-example"
* onsetDateTime = "2024-03-15"
