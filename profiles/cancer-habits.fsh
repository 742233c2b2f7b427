// Habits that cause cancer and that the cancer registry asks for: betel nut and alcohol. Smoking has a profile of its own.
// https://hl7.org/fhir/R4/observation.html

CodeSystem: CancerHabit
Id: cancer-habit
Title: "Habits of the cancer registry"
Description: "What the cancer registry asks about, and how it is answered, where no code of LOINC or SNOMED CT is enumerated in a package. 癌症登記之嚼檳榔、飲酒習慣項目與答案。"
* ^caseSensitive = true
* ^experimental = false
* #betel-nut "Betel nut chewing" "嚼檳榔習慣，癌症登記 7.4 欄。"
* #alcohol "Alcohol drinking" "飲酒習慣，癌症登記 7.5 欄。"
* #never "Never" "從未。"
* #former "Former" "曾有，已戒。"
* #current "Current" "目前仍有。"
* #unknown "Unknown" "不詳。"

ValueSet: CancerHabits
Id: cancer-habits
Title: "Habits"
Description: "Betel nut and alcohol. 嚼檳榔與飲酒。"
* ^experimental = false
* CancerHabit#betel-nut "Betel nut chewing"
* CancerHabit#alcohol "Alcohol drinking"

ValueSet: CancerHabitAnswers
Id: cancer-habit-answers
Title: "Answers about a habit"
Description: "Never, former, current, unknown. 從未、已戒、目前仍有、不詳。"
* ^experimental = false
* CancerHabit#never "Never"
* CancerHabit#former "Former"
* CancerHabit#current "Current"
* CancerHabit#unknown "Unknown"

Invariant: dhp-habit-never
Description: "Who never had the habit has no amount / 從未有此習慣者不可填寫數量"
Severity: #error
Expression: "value.ofType(CodeableConcept).coding.where(code = 'never').exists() implies component.empty()"

Profile: DhpCancerHabit
Parent: Observation
Id: dhp-cancer-habit
Title: "DHP Cancer-Related Habit"
Description: "Betel nut chewing or alcohol drinking of a cancer patient. 癌症病人之嚼檳榔或飲酒習慣。"
* obeys dhp-habit-never
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains socialHistory 1..1 MS
* category[socialHistory] = $observation-category#social-history
* code from CancerHabits (required)
* subject 1..1 MS
* effective[x] 1..1 MS
* value[x] 1..1 MS
* value[x] only CodeableConcept
* value[x] from CancerHabitAnswers (required)
* component ^short = "How much, for how long 數量與年數"

Instance: habit-betel-nut
InstanceOf: DhpCancerHabit
Usage: #example
Title: "Chews betel nut"
* insert Synthetic
* insert ByOncologist(2024-03-12)
* category[socialHistory] = $observation-category#social-history
* code = CancerHabit#betel-nut "Betel nut chewing"
* valueCodeableConcept = CancerHabit#current "Current"
* component.code.text = "嚼食年數"
* component.valueQuantity = 25 'a' "年"

Instance: bad-habit-never
InstanceOf: Observation
Usage: #example
Title: "Never, for 25 years"
* insert Bad(DhpCancerHabit, Observation, [[never, and an amount]])
* insert ByOncologist(2024-03-12)
* category = $observation-category#social-history
* code = CancerHabit#alcohol "Alcohol drinking"
* valueCodeableConcept = CancerHabit#never "Never"
* component.code.text = "飲酒年數"
* component.valueQuantity = 25 'a' "年"
