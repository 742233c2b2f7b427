// TNM categories and stage group, clinical and pathological, of AJCC 6 to 9. The cancer registry's LOINC codes and
// mCODE's SNOMED CT codes are both understood; values are AJCC's own, which have no published list, so their form is checked.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-tnm-stage-group.html

Invariant: dhp-tnm-t
Description: "A T category of AJCC is written as cT2a, pT1mi, ypT0, cTis or cTX / AJCC T 分類格式應如 cT2a、pT1mi、ypT0、cTis、cTX"
Severity: #error
Expression: "coding.where(system = 'http://cancerstaging.org').all(code.matches('^(c|p|yc|yp|r|a)?T(X|0|a|is([(][A-Za-z]+[)])?|[1-4](mi|[a-e][1-3]?)?)([(]m[)])?$'))"

Invariant: dhp-tnm-n
Description: "An N category of AJCC is written as cN1, pN0(i+), pN2a, cNX / AJCC N 分類格式應如 cN1、pN0(i+)、pN2a、cNX"
Severity: #error
Expression: "coding.where(system = 'http://cancerstaging.org').all(code.matches('^(c|p|yc|yp|r|a)?N(X|0([(](i|mol)[+-][)]|[a-c])?|[1-3](mi|[a-c][1-4]?)?)([(](sn|f)[)])?$'))"

Invariant: dhp-tnm-m
Description: "An M category of AJCC is written as cM0, cM1b, pM1a, cM0(i+) / AJCC M 分類格式應如 cM0、cM1b、pM1a、cM0(i+)"
Severity: #error
Expression: "coding.where(system = 'http://cancerstaging.org').all(code.matches('^(c|p|yc|yp|r|a)?M(X|0([(]i[+][)])?|1([a-e][0-3]?)?([(][01][)])?)$'))"

Invariant: dhp-tnm-group
Description: "A stage group of AJCC is written as 0, IA1, IIB, IIIC2, IVB or occult / AJCC 期別格式應如 0、IA1、IIB、IIIC2、IVB、occult"
Severity: #error
Expression: "coding.where(system = 'http://cancerstaging.org').all(code.matches('^(occult|0(a|is)?|(I|II|III|IV)([A-E][1-3]?)?(S)?)$'))"

Invariant: dhp-tnm-side
Description: "A clinical category does not begin with p, a pathological one not with c / 臨床分類不可以 p 開頭，病理分類不可以 c 開頭"
Severity: #error
Expression: "(code.coding.where(code in ('21905-5' | '21906-3' | '21907-1' | '399504009' | '399534004' | '399387003')).exists() implies value.ofType(CodeableConcept).coding.where(system = 'http://cancerstaging.org').all(code.matches('^y?p').not())) and (code.coding.where(code in ('21899-0' | '21900-6' | '384625004' | '371494008')).exists() implies value.ofType(CodeableConcept).coding.where(system = 'http://cancerstaging.org').all(code.matches('^y?c').not()))"

RuleSet: TnmCategory
* effective[x] 1..1 MS
* effective[x] only dateTime
* focus 1..1 MS
* value[x] 1..1 MS
* method MS
* obeys dhp-tnm-side

Profile: DhpTnmPrimaryTumorCategory
Parent: mcode-tnm-primary-tumor-category
Id: dhp-tnm-primary-tumor-category
Title: "DHP TNM Primary Tumor Category"
Description: "T category, clinical (LOINC 21905-5) or pathological (21899-0). T 分類，對應癌症登記臨床 T 與病理 T。"
* insert TnmCategory
* value[x] obeys dhp-tnm-t

Profile: DhpTnmRegionalNodesCategory
Parent: mcode-tnm-regional-nodes-category
Id: dhp-tnm-regional-nodes-category
Title: "DHP TNM Regional Nodes Category"
Description: "N category, clinical (LOINC 21906-3) or pathological (21900-6). N 分類，對應癌症登記臨床 N 與病理 N。"
* insert TnmCategory
* value[x] obeys dhp-tnm-n

Profile: DhpTnmDistantMetastasesCategory
Parent: mcode-tnm-distant-metastases-category
Id: dhp-tnm-distant-metastases-category
Title: "DHP TNM Distant Metastases Category"
Description: "M category, clinical (LOINC 21907-1) or pathological (21901-4). M 分類，對應癌症登記臨床 M 與病理 M。"
* insert TnmCategory
* value[x] obeys dhp-tnm-m

Profile: DhpTnmStageGroup
Parent: mcode-tnm-stage-group
Id: dhp-tnm-stage-group
Title: "DHP TNM Stage Group"
Description: "Stage group, clinical (LOINC 21908-9) or pathological (21902-2), with the edition of AJCC as method. 期別（臨床或病理），method 為 AJCC 版次。"
* effective[x] 1..1 MS
* effective[x] only dateTime
* value[x] 1..1 MS
* value[x] obeys dhp-tnm-group
* hasMember MS

Instance: tnm-t-lung
InstanceOf: DhpTnmPrimaryTumorCategory
Usage: #example
Title: "cT2a"
* insert Synthetic
* insert ByOncologist(2024-03-18)
* insert StageCategory
* code.coding[0] = $loinc#21905-5 "Primary tumor.clinical [Class] Cancer"
* code.coding[1] = $sct#399504009 "cT category"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $ajcc#cT2a
* method = $sct#897275008

Instance: tnm-n-lung
InstanceOf: DhpTnmRegionalNodesCategory
Usage: #example
Title: "cN2"
* insert Synthetic
* insert ByOncologist(2024-03-18)
* insert StageCategory
* code.coding[0] = $loinc#21906-3 "Regional lymph nodes.clinical [Class] Cancer"
* code.coding[1] = $sct#399534004 "cN category"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $ajcc#cN2
* method = $sct#897275008

Instance: tnm-m-lung
InstanceOf: DhpTnmDistantMetastasesCategory
Usage: #example
Title: "cM1b"
* insert Synthetic
* insert ByOncologist(2024-03-18)
* insert StageCategory
* code.coding[0] = $loinc#21907-1 "Distant metastases.clinical [Class] Cancer"
* code.coding[1] = $sct#399387003 "cM category"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $ajcc#cM1b
* method = $sct#897275008

Instance: stage-group-lung
InstanceOf: DhpTnmStageGroup
Usage: #example
Title: "Clinical stage IVA"
* insert Synthetic
* insert ByOncologist(2024-03-18)
* insert StageCategory
* code.coding[0] = $loinc#21908-9 "Stage group.clinical Cancer"
* code.coding[1] = $sct#399537006 "Clinical TNM stage grouping"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $ajcc#IVA
* method = $sct#897275008
* hasMember[0].reference = "Observation/tnm-t-lung"
* hasMember[1].reference = "Observation/tnm-n-lung"
* hasMember[2].reference = "Observation/tnm-m-lung"

Instance: bad-tnm-t-form
InstanceOf: Observation
Usage: #example
Title: "A T category that AJCC does not have"
* insert Bad(DhpTnmPrimaryTumorCategory, Observation.value.ofType(CodeableConcept\), [[T7 is no category of AJCC]])
* insert ByOncologist(2024-03-18)
* insert StageCategory
* code = $loinc#21905-5 "Primary tumor.clinical [Class] Cancer"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $ajcc#cT7
* method = $sct#897275008

Instance: bad-tnm-n-side
InstanceOf: Observation
Usage: #example
Title: "A pathological value under a clinical code"
* insert Bad(DhpTnmRegionalNodesCategory, Observation, [[pN1 under the code of the clinical category]])
* insert ByOncologist(2024-03-18)
* insert StageCategory
* code = $loinc#21906-3 "Regional lymph nodes.clinical [Class] Cancer"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $ajcc#pN1
* method = $sct#897275008

Instance: bad-stage-group-form
InstanceOf: Observation
Usage: #example
Title: "A stage group in Arabic digits"
* insert Bad(DhpTnmStageGroup, Observation.value.ofType(CodeableConcept\), [[the stage is written 4A instead of IVA]])
* insert ByOncologist(2024-03-18)
* insert StageCategory
* code = $loinc#21908-9 "Stage group.clinical Cancer"
* focus.reference = "Condition/primary-cancer-lung"
* valueCodeableConcept = $ajcc#4A
* method = $sct#897275008
