// Rules: what the server itself does with data and says in a CDS call, written as a PlanDefinition.
// https://hl7.org/fhir/R4/plandefinition.html

Alias: $rule-action = https://fhir.dhp.tw.example/CodeSystem/rule-action

CodeSystem: RuleActionSystem
Id: rule-action
Title: "What a rule does"
Description: "What follows when the conditions of a rule's action hold: card and system-action answer a CDS hook, the others an interaction of the API. 規則條件成立時的動作。"
* ^caseSensitive = true
* ^experimental = false
* #card "Card" "Answers a CDS hook with a card. 回覆 CDS 卡片。"
* #system-action "System action" "Answers a CDS hook with an action that the client carries out without asking. 回覆由系統直接執行的動作。"
* #deny "Deny" "Refuses the interaction. 拒絕此次存取或寫入。"
* #warn "Warn" "Lets the interaction happen and says something about it. 提出警告，但不阻擋。"
* #tag "Tag" "Adds a tag or security label to what is written. 為寫入的資料加上標籤。"
* #mask "Mask" "Takes elements out of what is shown. 遮蔽回傳資料中的欄位。"
* #route "Route" "Sends what is written on to an endpoint. 轉送至指定端點。"
* #derive "Derive" "Makes another resource of what is written. 由寫入的資料推導出另一筆資料。"

ValueSet: RuleActions
Id: rule-actions
Title: "What a rule does"
Description: "What follows when the conditions of a rule's action hold. 規則條件成立時的動作。"
* ^experimental = false
* include codes from system RuleActionSystem

Extension: RuleOrder
Id: rule-order
Title: "Order of a rule"
Description: "Rules with a smaller number go first; 100 when there is none. Rules of one number go by url. 規則執行的先後順序。"
Context: PlanDefinition
* value[x] 1..1
* value[x] only integer

Extension: RuleOverrideReason
Id: rule-override-reason
Title: "Reason for overriding"
Description: "A reason for which a user may override the card of an action. 使用者不採納卡片建議時可選的理由。"
Context: PlanDefinition.action
* value[x] 1..1
* value[x] only Coding
* valueCoding.code 1..1
* valueCoding.display 1..1

Profile: DhpRule
Parent: PlanDefinition
Id: dhp-rule
Title: "DHP Rule"
Description: "A rule of this server: triggers (CDS hooks, or interactions of the API), conditions in FHIRPath, and what follows. A PlanDefinition that declares this profile is checked when it is saved, expression by expression, and acts while it is active (and, where administrators approve rules, approved). 伺服器可執行的規則：觸發時機、FHIRPath 條件與後續動作。"
* extension contains
    RuleOrder named order 0..1 MS and
    http://hl7.org/fhir/StructureDefinition/variable named variable 0..* MS
* url 1..1 MS
* version 1..1 MS
* name 1..1 MS
* title 1..1 MS
* type 1..1 MS
* type = http://terminology.hl7.org/CodeSystem/plan-definition-type#eca-rule
* status MS
* description MS
* approvalDate MS
* relatedArtifact MS
* library MS
* action 1..* MS
* action.extension contains
    http://hl7.org/fhir/StructureDefinition/variable named variable 0..* MS and
    RuleOverrideReason named overrideReason 0..* MS
* action.title MS
* action.description MS
* action.priority MS
* action.code MS
* action.code from RuleActions (extensible)
* action.documentation MS
* action.trigger MS
* action.condition MS
* action.condition.kind = #applicability
* action.condition.expression 1..1 MS
* action.condition.expression.language = #text/fhirpath
* action.condition.expression.expression 1..1
* action.input MS
* action.definition[x] MS
* action.dynamicValue MS
* action.selectionBehavior MS

RuleSet: RuleNamed(name)
* url = "https://fhir.dhp.tw.example/PlanDefinition/{name}"
* version = "1.0.0"
* name = "{name}"
* type = http://terminology.hl7.org/CodeSystem/plan-definition-type#eca-rule
* status = #draft

Instance: rule-elderly-patient
InstanceOf: DhpRule
Usage: #example
Title: "A rule that shows a card"
* insert Synthetic
* insert RuleNamed(ExampleElderlyPatient)
* title = "Patients of 75 and more"
* description = "Says that a patient is old enough for the integrated assessment of elderly people. 年滿 75 歲者提示整合性評估。"
* extension[order].valueInteger = 200
* extension[variable].valueExpression.name = "age75"
* extension[variable].valueExpression.language = #text/fhirpath
* extension[variable].valueExpression.expression = "today() - 75 years"
* relatedArtifact.type = #documentation
* relatedArtifact.display = "WHO, Integrated care for older people (ICOPE)"
* relatedArtifact.url = "https://www.who.int/publications/i/item/WHO-FWC-ALC-19.1"
* action.title = "This patient is 75 or older: consider an integrated assessment."
* action.priority = #routine
* action.code = $rule-action#card
* action.extension[overrideReason].valueCoding = http://terminology.hl7.org/CodeSystem/v3-ActReason#PATCAR "patient care"
* action.trigger.type = #named-event
* action.trigger.name = "patient-view"
* action.input.id = "patient"
* action.input.type = #Patient
* action.input.extension[0].url = "http://hl7.org/fhir/StructureDefinition/cqf-fhirQueryPattern"
* action.input.extension[0].valueString = "Patient/{{context.patientId}}"
* action.condition.kind = #applicability
* action.condition.expression.language = #text/fhirpath
* action.condition.expression.expression = "%patient.birthDate <= %age75"

Instance: rule-order-says-why
InstanceOf: DhpRule
Usage: #example
Title: "A rule that refuses a write"
* insert Synthetic
* insert RuleNamed(ExampleReferralNeedsReason)
* title = "Orders say why"
* description = "Refuses an active order without a reason. 醫囑須註明原因。"
* action.title = "Say why this is ordered: reasonCode or reasonReference."
* action.code = $rule-action#deny
* action.trigger[0].type = #data-added
* action.trigger[0].data.type = #ServiceRequest
* action.trigger[1].type = #data-modified
* action.trigger[1].data.type = #ServiceRequest
* action.condition.kind = #applicability
* action.condition.expression.language = #text/fhirpath
* action.condition.expression.expression = "status = 'active' and reasonCode.empty() and reasonReference.empty()"

Instance: bad-rule-type
InstanceOf: PlanDefinition
Usage: #example
Title: "A rule that says it is a protocol"
* insert Bad(DhpRule, PlanDefinition.type, The type of a rule is eca-rule)
* insert RuleNamed(BadType)
* type = http://terminology.hl7.org/CodeSystem/plan-definition-type#clinical-protocol
* title = "Another type"
* action.title = "Never said"
* action.trigger.type = #named-event
* action.trigger.name = "patient-view"

Instance: bad-rule-language
InstanceOf: PlanDefinition
Usage: #example
Title: "A rule in another language"
* insert Bad(DhpRule, PlanDefinition.action[0].condition[0].expression.language, Rules are written in FHIRPath)
* insert RuleNamed(BadLanguage)
* title = "In CQL"
* action.title = "Never said"
* action.trigger.type = #named-event
* action.trigger.name = "patient-view"
* action.condition.kind = #applicability
* action.condition.expression.language = #text/cql
* action.condition.expression.expression = "Patient.active"

Instance: bad-rule-version
InstanceOf: PlanDefinition
Usage: #example
Title: "A rule without a version"
* insert Bad(DhpRule, PlanDefinition, What is approved is a version)
* url = "https://fhir.dhp.tw.example/PlanDefinition/BadVersion"
* name = "BadVersion"
* type = http://terminology.hl7.org/CodeSystem/plan-definition-type#eca-rule
* status = #draft
* title = "Without version"
* action.title = "Never said"
* action.trigger.type = #named-event
* action.trigger.name = "patient-view"

Instance: bad-rule-order
InstanceOf: PlanDefinition
Usage: #example
Title: "A rule with an order that is no number"
* insert Bad(DhpRule, [[PlanDefinition.extension[0].value.ofType(string)]], The order of a rule is an integer)
* insert RuleNamed(BadOrder)
* title = "Ordered by word"
* extension[0].url = "https://fhir.dhp.tw.example/StructureDefinition/rule-order"
* extension[0].valueString = "first"
* action.title = "Never said"
* action.trigger.type = #named-event
* action.trigger.name = "patient-view"

Instance: bad-rule-action
InstanceOf: PlanDefinition
Usage: #example
Title: "A rule that does what there is not"
* insert Bad(DhpRule, PlanDefinition.action[0].code[0].coding[0].code, There is no such action)
* insert RuleNamed(BadAction)
* title = "Another action"
* action.title = "Never said"
* action.code.coding.system = $rule-action
* action.code.coding.code = #erase
* action.trigger.type = #data-added
* action.trigger.data.type = #Patient
