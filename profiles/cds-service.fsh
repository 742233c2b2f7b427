// A CDS service that is called elsewhere, as a tenant's services are exported and imported.
// https://hl7.org/fhir/extensions/StructureDefinition-cqf-cdsHooksEndpoint.html

Extension: CdsServiceSetting
Id: cds-service-setting
Title: "Setting of a CDS service"
Description: "How this server calls a CDS service elsewhere, whose address is in cqf-cdsHooksEndpoint: under which id it is offered here, how long it may take, and whether it is given the client's access to the FHIR server. 轉接外部 CDS 服務時的設定：本地識別碼、逾時與是否轉送授權。"
Context: PlanDefinition
* value[x] 0..0
* extension contains
    id 1..1 and
    timeout 0..1 and
    forwardAuthorization 0..1
* extension[id].value[x] 1..1
* extension[id].value[x] only string
* extension[id] ^short = "Under which the service is called here"
* extension[timeout].value[x] 1..1
* extension[timeout].value[x] only integer
* extension[timeout] ^short = "Milliseconds until it has to have answered"
* extension[forwardAuthorization].value[x] 1..1
* extension[forwardAuthorization].value[x] only boolean
* extension[forwardAuthorization] ^short = "Whether fhirServer and fhirAuthorization of a call are given on"

Profile: DhpRemoteCdsService
Parent: PlanDefinition
Id: dhp-remote-cds-service
Title: "DHP Remote CDS Service"
Description: "A CDS service elsewhere to which this server gives calls on: its address, the hooks it answers, and the prefetch it asks for. 由本伺服器轉接的外部 CDS 服務。"
* extension contains
    http://hl7.org/fhir/StructureDefinition/cqf-cdsHooksEndpoint named endpoint 1..1 MS and
    CdsServiceSetting named setting 1..1 MS
* title MS
* type 1..1 MS
* type = http://terminology.hl7.org/CodeSystem/plan-definition-type#eca-rule
* status MS
* action 1..* MS
* action.trigger 1..1 MS
* action.trigger.type = #named-event
* action.trigger.name 1..1 MS
* action.input MS

Instance: cds-service-elsewhere
InstanceOf: DhpRemoteCdsService
Usage: #example
Title: "A CDS service elsewhere"
* insert Synthetic
* url = "https://fhir.dhp.tw.example/PlanDefinition/cds-service-fall-risk"
* title = "Fall risk"
* status = #active
* extension[endpoint].valueUri = "https://cds.example.org/cds-services/fall-risk"
* extension[setting].extension[id].valueString = "fall-risk"
* extension[setting].extension[timeout].valueInteger = 1000
* extension[setting].extension[forwardAuthorization].valueBoolean = false
* action.title = "Fall risk"
* action.description = "Says whether a patient is likely to fall. 評估跌倒風險。"
* action.trigger.type = #named-event
* action.trigger.name = "patient-view"
* action.input.id = "patient"
* action.input.type = #Patient
* action.input.extension[0].url = "http://hl7.org/fhir/StructureDefinition/cqf-fhirQueryPattern"
* action.input.extension[0].valueString = "Patient/{{context.patientId}}"

Instance: bad-cds-service-timeout
InstanceOf: PlanDefinition
Usage: #example
Title: "A CDS service elsewhere that may take a word"
* insert Bad(DhpRemoteCdsService, [[PlanDefinition.extension[1].extension[1].value.ofType(string)]], A timeout is a number of milliseconds)
* url = "https://fhir.dhp.tw.example/PlanDefinition/cds-service-bad"
* title = "Takes as long as it takes"
* type = http://terminology.hl7.org/CodeSystem/plan-definition-type#eca-rule
* status = #active
* extension[0].url = "http://hl7.org/fhir/StructureDefinition/cqf-cdsHooksEndpoint"
* extension[0].valueUri = "https://cds.example.org/cds-services/bad"
* extension[1].url = "https://fhir.dhp.tw.example/StructureDefinition/cds-service-setting"
* extension[1].extension[0].url = "id"
* extension[1].extension[0].valueString = "bad"
* extension[1].extension[1].url = "timeout"
* extension[1].extension[1].valueString = "long"
* action.title = "Never asked"
* action.trigger.type = #named-event
* action.trigger.name = "patient-view"
