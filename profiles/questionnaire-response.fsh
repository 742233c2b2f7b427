// https://hl7.org/fhir/R4/questionnaireresponse.html

Profile: DhpQuestionnaireResponse
Parent: QuestionnaireResponse
Id: dhp-questionnaire-response
Title: "DHP Questionnaire Response"
Description: "The answers to a questionnaire that is known. Aligns with TW Core and US Core QuestionnaireResponse. 問卷填答。"
* identifier MS
* questionnaire 1..1 MS
* status MS
* insert OfPatient(subject)
* authored 1..1 MS
* authored obeys dhp-day
* author MS
* item MS
* item.linkId MS
* item.text MS
* item.answer MS
* item.answer.value[x] MS
* item.answer.item MS
* item.item MS

Instance: questionnaire-lifestyle
InstanceOf: Questionnaire
Usage: #definition
Title: "Lifestyle: smoking and betel quid"
Description: "A short questionnaire for the examples. 範例用生活習慣問卷。"
* insert Synthetic
* url = "https://fhir.dhp.tw.example/Questionnaire/questionnaire-lifestyle"
* name = "LifestyleQuestionnaire"
* title = "Lifestyle"
* status = #draft
* experimental = true
* subjectType = #Patient
* item[+].linkId = "smoking"
* item[=].text = "是否吸菸？"
* item[=].type = #choice
* item[=].required = true
* item[=].answerOption[+].valueCoding = $sct#266919005 "Never smoked tobacco"
* item[=].answerOption[+].valueCoding = $sct#8517006 "Ex-smoker"
* item[=].answerOption[+].valueCoding = $sct#449868002 "Smokes tobacco daily"
* item[+].linkId = "betel"
* item[=].text = "是否嚼食檳榔？"
* item[=].type = #boolean
* item[+].linkId = "betel-years"
* item[=].text = "嚼食檳榔幾年？"
* item[=].type = #integer
* item[=].enableWhen.question = "betel"
* item[=].enableWhen.operator = #=
* item[=].enableWhen.answerBoolean = true

Instance: questionnaire-response-lifestyle
InstanceOf: DhpQuestionnaireResponse
Usage: #example
Title: "Answers on smoking and betel quid"
* insert Synthetic
* questionnaire = "https://fhir.dhp.tw.example/Questionnaire/questionnaire-lifestyle"
* status = #completed
* subject = Reference(patient-chen)
* authored = "2026-05-02T08:50:00+08:00"
* author = Reference(patient-chen)
* item[+].linkId = "smoking"
* item[=].text = "是否吸菸？"
* item[=].answer.valueCoding = $sct#266919005 "Never smoked tobacco"
* item[+].linkId = "betel"
* item[=].text = "是否嚼食檳榔？"
* item[=].answer.valueBoolean = false

Instance: bad-questionnaire-response-month
InstanceOf: QuestionnaireResponse
Usage: #example
Title: "Answered some day in May"
* insert Bad(DhpQuestionnaireResponse, QuestionnaireResponse.authored, The day is missing)
* questionnaire = "https://fhir.dhp.tw.example/Questionnaire/questionnaire-lifestyle"
* status = #completed
* subject = Reference(patient-chen)
* authored = "2026-05"
* item.linkId = "smoking"
* item.text = "是否吸菸？"
* item.answer.valueCoding = $sct#266919005
