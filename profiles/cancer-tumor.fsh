// A tumour, its size, its histology and its grade.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-tumor.html

Invariant: dhp-tumor-longest
Description: "The longest dimension is not shorter than another one / 最長徑不可小於其他徑"
Severity: #error
Expression: "component.where(code.coding.exists(code = '33729-5')).value.ofType(Quantity).all(code != %resource.component.where(code.coding.exists(code = '33728-7')).value.ofType(Quantity).code.first() or value <= %resource.component.where(code.coding.exists(code = '33728-7')).value.ofType(Quantity).value.first())"

Profile: DhpTumor
Parent: mcode-tumor
Id: dhp-tumor
Title: "DHP Tumor"
Description: "A tumour that is followed over time, with the condition it belongs to. 可追蹤之腫瘤，並指明其所屬癌症。"
* extension[relatedCondition] 1..1 MS
* location obeys dhp-icd-o-3-topography
* morphology MS

Profile: DhpTumorSize
Parent: mcode-tumor-size
Id: dhp-tumor-size
Title: "DHP Tumor Size"
Description: "Dimensions of a tumour in mm or cm and how they were measured. 腫瘤大小（毫米或公分）與量測方法，對應癌症登記 2.13 欄。"
* obeys dhp-tumor-longest
* effective[x] 1..1 MS
* method MS
* component[tumorLongestDimension].value[x] 1..1

Profile: DhpHistologicBehaviorAndType
Parent: mcode-histologic-behavior-and-type
Id: dhp-histologic-behavior-and-type
Title: "DHP Histologic Behavior and Type"
Description: "Histology and behaviour as ICD-O-3 writes them, of a specimen. 檢體之 ICD-O-3 組織型態與性態，對應癌症登記 2.8、2.9 欄。"
* extension[relatedCondition] MS
* effective[x] 1..1
* value[x] obeys dhp-icd-o-3-morphology

Profile: DhpHistologicGrade
Parent: mcode-histologic-grade
Id: dhp-histologic-grade
Title: "DHP Histologic Grade"
Description: "Grade of a tumour. The registry's codes for the clinical (LOINC 75620-5) and the pathological grade (75621-3) may stand beside the fixed code. 腫瘤分化度，癌症登記臨床分級（75620-5）與病理分級（75621-3）代碼可並列，對應 2.10 欄。"
* extension[relatedCondition] MS
* effective[x] 1..1

Profile: DhpTumorMorphology
Parent: mcode-tumor-morphology
Id: dhp-tumor-morphology
Title: "DHP Tumor Morphology"
Description: "What a pathologist says of a tumour, grouping histologic type and grade. 病理對腫瘤之描述，彙整組織型態與分化度。"
* extension[relatedCondition] MS
* effective[x] 1..1

Instance: tumor-lung
InstanceOf: DhpTumor
Usage: #example
Title: "Tumour in the right upper lobe"
* insert Synthetic
* extension[relatedCondition].valueReference.reference = "Condition/primary-cancer-lung"
* identifier[bodyStructureIdentifier].use = #usual
* identifier[bodyStructureIdentifier].type = http://hl7.org/fhir/resource-types#BodyStructure
* identifier[bodyStructureIdentifier].system = "https://qinglan.example/tumor"
* identifier[bodyStructureIdentifier].value = "T-2024-0312-1"
* location.coding[0] = $icdo3#C34.1 "Upper lobe, lung"
* location.coding[1] = $sct#39607008 "Lung structure (body structure)"
* locationQualifier = $sct#24028007 "Right (qualifier value)"
* patient.reference = "Patient/cancer-patient-example"

Instance: tumor-size-lung
InstanceOf: DhpTumorSize
Usage: #example
Title: "35 by 28 mm"
* insert Synthetic
* insert ByOncologist(2024-03-12)
* code = $loinc#21889-1
* focus.reference = "BodyStructure/tumor-lung"
* method = $sct#77477000 "Computerized axial tomography (procedure)"
* component[tumorLongestDimension].code = $loinc#33728-7
* component[tumorLongestDimension].valueQuantity = 35 'mm' "mm"
* component[tumorOtherDimension].code = $loinc#33729-5
* component[tumorOtherDimension].valueQuantity = 28 'mm' "mm"

Instance: histologic-type-lung
InstanceOf: DhpHistologicBehaviorAndType
Usage: #example
Title: "Adenocarcinoma, invasive"
* insert Synthetic
* insert ByOncologist(2024-03-14)
* insert LaboratorySlice
* extension[relatedCondition].valueReference.reference = "Condition/primary-cancer-lung"
* code = $loinc#31206-6
* valueCodeableConcept = $icdo3#8140/3 "Adenocarcinoma, NOS"
* specimen.reference = "Specimen/specimen-lung"

Instance: histologic-grade-lung
InstanceOf: DhpHistologicGrade
Usage: #example
Title: "Intermediate grade"
* insert Synthetic
* insert ByOncologist(2024-03-14)
* insert LaboratorySlice
* extension[relatedCondition].valueReference.reference = "Condition/primary-cancer-lung"
* code.coding[0] = $ncit#C18000
* code.coding[1] = $loinc#75621-3
* valueCodeableConcept = $sct#1286893008 "Intermediate histologic grade (qualifier value)"
* specimen.reference = "Specimen/specimen-lung"

Instance: tumor-morphology-lung
InstanceOf: DhpTumorMorphology
Usage: #example
Title: "Morphology of the lung biopsy"
* insert Synthetic
* insert ByOncologist(2024-03-14)
* insert LaboratorySlice
* extension[relatedCondition].valueReference.reference = "Condition/primary-cancer-lung"
* code = $loinc#77753-2
* specimen.reference = "Specimen/specimen-lung"
* hasMember[0].reference = "Observation/histologic-type-lung"
* hasMember[1].reference = "Observation/histologic-grade-lung"

Instance: bad-tumor-size-longest
InstanceOf: Observation
Usage: #example
Title: "A longest dimension that is not the longest"
* insert Bad(DhpTumorSize, Observation, [[28 mm is called longest beside 35 mm]])
* insert ByOncologist(2024-03-12)
* code = $loinc#21889-1
* focus.reference = "BodyStructure/tumor-lung"
* component[0].code = $loinc#33728-7
* component[0].valueQuantity = 28 'mm' "mm"
* component[1].code = $loinc#33729-5
* component[1].valueQuantity = 35 'mm' "mm"

Instance: bad-histologic-type-form
InstanceOf: Observation
Usage: #example
Title: "A morphology without behaviour"
* insert Bad(DhpHistologicBehaviorAndType, Observation.value.ofType(CodeableConcept\), [[the behaviour after the slash is missing]])
* insert ByOncologist(2024-03-14)
* insert LaboratoryCategory
* code = $loinc#31206-6
* valueCodeableConcept = $icdo3#8140 "Adenocarcinoma, NOS"
