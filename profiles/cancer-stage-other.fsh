// Stages that are not TNM: BCLC, FIGO, Ann Arbor and Lugano, Rai, Binet, ISS and R-ISS, Gleason.
// https://hl7.org/fhir/us/mcode/StructureDefinition-mcode-cancer-stage.html

CodeSystem: BclcStage
Id: bclc-stage
Title: "BCLC stages"
Description: "The five stages of the Barcelona Clinic Liver Cancer system, for which mCODE enumerates no codes. 巴塞隆納肝癌分期。"
* ^caseSensitive = true
* ^experimental = false
* #0 "BCLC stage 0" "Very early. 極早期。"
* #A "BCLC stage A" "Early. 早期。"
* #B "BCLC stage B" "Intermediate. 中期。"
* #C "BCLC stage C" "Advanced. 晚期。"
* #D "BCLC stage D" "Terminal. 末期。"

ValueSet: BclcStageValues
Id: bclc-stage-values
Title: "BCLC stage values"
Description: "All BCLC stages. 所有 BCLC 分期。"
* ^experimental = false
* include codes from system BclcStage

ValueSet: GleasonScoreValues
Id: gleason-score-values
Title: "Gleason scores"
Description: "Total Gleason scores that are reported of a prostate cancer today, 6 to 10. 攝護腺癌 Gleason 總分 6 至 10。"
* ^experimental = false
* $sct#84556003 "Gleason grade score 6 out of 10 (finding)"
* $sct#57403001 "Gleason grade score 7 out of 10 (finding)"
* $sct#33013007 "Gleason grade score 8 out of 10 (finding)"
* $sct#58925000 "Gleason grade score 9 out of 10 (finding)"
* $sct#24514009 "Gleason grade score 10 out of 10 (finding)"

ValueSet: GleasonPatternValues
Id: gleason-pattern-values
Title: "Gleason patterns"
Description: "Gleason patterns 1 to 5. Gleason 型態 1 至 5。"
* ^experimental = false
* $sct#369770006 "Gleason Pattern 1 (finding)"
* $sct#369771005 "Gleason Pattern 2 (finding)"
* $sct#369772003 "Gleason Pattern 3 (finding)"
* $sct#369773008 "Gleason Pattern 4 (finding)"
* $sct#369774002 "Gleason Pattern 5 (finding)"

RuleSet: OtherStage
* effective[x] 1..1 MS
* effective[x] only dateTime
* focus 1..1 MS
* value[x] 1..1 MS

Profile: DhpBclcStage
Parent: mcode-cancer-stage
Id: dhp-bclc-stage
Title: "DHP BCLC Stage"
Description: "Stage of a hepatocellular carcinoma by the Barcelona Clinic Liver Cancer system. 肝細胞癌 BCLC 分期。"
* insert OtherStage
* code = $ncit#C115134
* value[x] from BclcStageValues (required)
* method 1..1
* method = $ncit#C115132

Profile: DhpFigoStage
Parent: mcode-cancer-stage
Id: dhp-figo-stage
Title: "DHP FIGO Stage"
Description: "Stage of a gynaecological cancer by FIGO. 婦科癌症 FIGO 分期。"
* insert OtherStage
* value[x] from http://hl7.org/fhir/us/mcode/ValueSet/mcode-figo-stage-value-vs (required)
* method 1..1
* method from http://hl7.org/fhir/us/mcode/ValueSet/mcode-figo-staging-method-vs (extensible)

Profile: DhpLymphomaStage
Parent: mcode-lymphoma-stage
Id: dhp-lymphoma-stage
Title: "DHP Lymphoma Stage"
Description: "Stage of a lymphoma by Ann Arbor, Cotswolds or Lugano. 淋巴瘤分期（Ann Arbor、Cotswolds、Lugano）。"
* insert OtherStage

Profile: DhpRaiStage
Parent: mcode-cancer-stage
Id: dhp-rai-stage
Title: "DHP Rai Stage"
Description: "Stage of a chronic lymphocytic leukaemia by Rai. 慢性淋巴球性白血病 Rai 分期。"
* insert OtherStage
* code = $ncit#C141207
* value[x] from http://hl7.org/fhir/us/mcode/ValueSet/mcode-rai-stage-value-vs (required)
* method 1..1
* method from http://hl7.org/fhir/us/mcode/ValueSet/mcode-rai-staging-method-vs (required)

Profile: DhpBinetStage
Parent: mcode-cancer-stage
Id: dhp-binet-stage
Title: "DHP Binet Stage"
Description: "Stage of a chronic lymphocytic leukaemia by Binet. 慢性淋巴球性白血病 Binet 分期。"
* insert OtherStage
* code = $ncit#C141212
* value[x] from http://hl7.org/fhir/us/mcode/ValueSet/mcode-binet-stage-value-vs (required)
* method 1..1
* method = $sct#1149099005

Profile: DhpMyelomaIssStage
Parent: mcode-cancer-stage
Id: dhp-myeloma-iss-stage
Title: "DHP Myeloma ISS Stage"
Description: "Stage of a multiple myeloma by the International Staging System. 多發性骨髓瘤 ISS 分期。"
* insert OtherStage
* code = $ncit#C139007
* value[x] from http://hl7.org/fhir/us/mcode/ValueSet/mcode-myeloma-iss-stage-value-vs (required)

Profile: DhpMyelomaRissStage
Parent: mcode-cancer-stage
Id: dhp-myeloma-riss-stage
Title: "DHP Myeloma R-ISS Stage"
Description: "Stage of a multiple myeloma by the revised International Staging System. 多發性骨髓瘤 R-ISS 分期。"
* insert OtherStage
* code = $ncit#C141392
* value[x] from http://hl7.org/fhir/us/mcode/ValueSet/mcode-myeloma-riss-stage-value-vs (required)

Profile: DhpGleasonScore
Parent: mcode-cancer-stage
Id: dhp-gleason-score
Title: "DHP Gleason Score"
Description: "Total Gleason score of a prostate cancer, with its primary and secondary pattern. 攝護腺癌 Gleason 總分與主要、次要型態。"
* insert OtherStage
* code = $sct#385377005
* value[x] from GleasonScoreValues (required)
* component ^slicing.discriminator.type = #pattern
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open
* component contains primaryPattern 0..1 MS and secondaryPattern 0..1 MS
* component[primaryPattern].code = $sct#384994009
* component[primaryPattern].value[x] 1..1
* component[primaryPattern].value[x] from GleasonPatternValues (required)
* component[secondaryPattern].code = $sct#384995005
* component[secondaryPattern].value[x] 1..1
* component[secondaryPattern].value[x] from GleasonPatternValues (required)

Instance: bclc-stage-b
InstanceOf: DhpBclcStage
Usage: #example
Title: "BCLC stage B"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $ncit#C115134 "BCLC Stage"
* focus.reference = "Condition/primary-cancer-liver"
* valueCodeableConcept = BclcStage#B "BCLC stage B"
* method = $ncit#C115132 "Hepatocellular Carcinoma by BCLC Stage"

Instance: figo-stage-iiia
InstanceOf: DhpFigoStage
Usage: #example
Title: "FIGO stage IIIA"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $sct#385361009 "International Federation of Gynecology and Obstetrics stage for gynecological malignancy (observable entity)"
* focus.reference = "Condition/primary-cancer-cervix"
* valueCodeableConcept = $ncit#C96256 "FIGO Stage IIIA"
* method = $sct#106250008 "International Federation of Gynecology and Obstetrics staging system for cervical carcinoma (tumor staging)"

Instance: lymphoma-stage-iiie
InstanceOf: DhpLymphomaStage
Usage: #example
Title: "Lymphoma stage IIIE"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $sct#385388004 "Lymphoma stage (observable entity)"
* focus.reference = "Condition/primary-cancer-lymphoma"
* valueCodeableConcept = $sct#44255004 "Lymphoma stage IIIe (finding)"
* method = $sct#254375000 "Cotswolds Hodgkin's disease tumor staging system (tumor staging)"

Instance: rai-stage-ii
InstanceOf: DhpRaiStage
Usage: #example
Title: "Rai stage II"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $ncit#C141207 "Rai Stage"
* focus.reference = "Condition/primary-cancer-cll"
* valueCodeableConcept = $ncit#C7875 "Stage II Chronic Lymphocytic Leukemia"
* method = $sct#1149131009 "Rai staging system for chronic lymphocytic leukemia (tumor staging)"

Instance: binet-stage-b
InstanceOf: DhpBinetStage
Usage: #example
Title: "Binet stage B"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $ncit#C141212 "Binet Stage"
* focus.reference = "Condition/primary-cancer-cll"
* valueCodeableConcept = $ncit#C80135 "Binet Stage B"
* method = $sct#1149099005 "Binet staging classification for chronic lymphocytic leukemia (tumor staging)"

Instance: myeloma-iss-stage-ii
InstanceOf: DhpMyelomaIssStage
Usage: #example
Title: "ISS stage II"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $ncit#C139007 "International Staging System Stage"
* focus.reference = "Condition/primary-cancer-myeloma"
* valueCodeableConcept = $ncit#C70659 "ISS Stage II Plasma Cell Myeloma"

Instance: myeloma-riss-stage-ii
InstanceOf: DhpMyelomaRissStage
Usage: #example
Title: "R-ISS stage II"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $ncit#C141392 "RISS Stage"
* focus.reference = "Condition/primary-cancer-myeloma"
* valueCodeableConcept = $ncit#C141395 "RISS Stage II Plasma Cell Myeloma"

Instance: gleason-score-7
InstanceOf: DhpGleasonScore
Usage: #example
Title: "Gleason 3 + 4 = 7"
* insert Synthetic
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $sct#385377005 "Gleason grade finding for prostatic cancer (finding)"
* focus.reference = "Condition/primary-cancer-prostate"
* valueCodeableConcept = $sct#57403001 "Gleason grade score 7 out of 10 (finding)"
* component[primaryPattern].code = $sct#384994009 "Primary Gleason pattern (observable entity)"
* component[primaryPattern].valueCodeableConcept = $sct#369772003 "Gleason Pattern 3 (finding)"
* component[secondaryPattern].code = $sct#384995005 "Secondary Gleason pattern (observable entity)"
* component[secondaryPattern].valueCodeableConcept = $sct#369773008 "Gleason Pattern 4 (finding)"

Instance: bad-bclc-stage-value
InstanceOf: Observation
Usage: #example
Title: "A BCLC stage that does not exist"
* insert Bad(DhpBclcStage, Observation.value.ofType(CodeableConcept\), [[BCLC has no stage E]])
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $ncit#C115134 "BCLC Stage"
* focus.reference = "Condition/primary-cancer-liver"
* valueCodeableConcept.coding.system = "https://fhir.dhp.tw.example/CodeSystem/bclc-stage"
* valueCodeableConcept.coding.code = #E
* method = $ncit#C115132 "Hepatocellular Carcinoma by BCLC Stage"

Instance: bad-figo-stage-method
InstanceOf: Observation
Usage: #example
Title: "A FIGO stage without focus"
* insert Bad(DhpFigoStage, Observation, [[the cancer that is staged is not named]])
* insert ByOncologist(2024-05-06)
* insert StageCategory
* code = $sct#385361009 "International Federation of Gynecology and Obstetrics stage for gynecological malignancy (observable entity)"
* valueCodeableConcept = $ncit#C96256 "FIGO Stage IIIA"
* method = $sct#106250008 "International Federation of Gynecology and Obstetrics staging system for cervical carcinoma (tumor staging)"
