// Searches that US Core 6.1.0 asks for and R4 does not define, and what a Binary's readers are known by. The others are R4's own.
// https://hl7.org/fhir/R4/searchparameter.html

RuleSet: SearchParam(code, base, type, expression, description)
* url = "https://fhir.dhp.tw.example/SearchParameter/dhp-{base}-{code}"
* status = #active
* experimental = false
* description = "{description}"
* code = #{code}
* base = #{base}
* type = #{type}
* expression = "{expression}"
* xpathUsage = #normal
* multipleOr = true
* multipleAnd = true

RuleSet: DateComparators
* comparator[+] = #eq
* comparator[+] = #ne
* comparator[+] = #gt
* comparator[+] = #ge
* comparator[+] = #lt
* comparator[+] = #le

Instance: dhp-Condition-asserted-date
InstanceOf: SearchParameter
Usage: #definition
Title: "Condition asserted-date"
* name = "DhpConditionAssertedDate"
* insert SearchParam(asserted-date, Condition, date, [[Condition.extension('http://hl7.org/fhir/StructureDefinition/condition-assertedDate').value]], When the condition was asserted. 診斷確立日期。)
* insert DateComparators

Instance: dhp-Encounter-discharge-disposition
InstanceOf: SearchParameter
Usage: #definition
Title: "Encounter discharge-disposition"
* name = "DhpEncounterDischargeDisposition"
* insert SearchParam(discharge-disposition, Encounter, token, Encounter.hospitalization.dischargeDisposition, Where the patient went after discharge. 出院動向。)

Instance: dhp-CareTeam-role
InstanceOf: SearchParameter
Usage: #definition
Title: "CareTeam role"
* name = "DhpCareTeamRole"
* insert SearchParam(role, CareTeam, token, CareTeam.participant.role, The role of a member. 團隊成員角色。)

Instance: dhp-Goal-description
InstanceOf: SearchParameter
Usage: #definition
Title: "Goal description"
* name = "DhpGoalDescription"
* insert SearchParam(description, Goal, token, Goal.description, The code of the goal. 目標代碼。)

Instance: dhp-Binary-security-context
InstanceOf: SearchParameter
Usage: #definition
Title: "Binary security-context"
* name = "DhpBinarySecurityContext"
* insert SearchParam(security-context, Binary, reference, Binary.securityContext, The resource whose access rules the binary follows. 此檔案依循其存取規則的資源。)
