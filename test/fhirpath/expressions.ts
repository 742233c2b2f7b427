/** Expressions of every part of the language, one a line, and two resources that have something for each of them. */

export const patient = {
  resourceType: 'Patient',
  id: 'p1',
  meta: { lastUpdated: '2024-05-06T07:08:09.123+08:00', tag: [{ system: 'http://example.org', code: 'a' }] },
  extension: [
    {
      url: 'http://example.org/weight',
      valueQuantity: { value: 70.5, system: 'http://unitsofmeasure.org', code: 'kg' },
    },
    { url: 'http://example.org/weight', valueString: 'heavy' },
    { url: 'http://example.org/when', valueDateTime: '2020-02' },
  ],
  contained: [{ resourceType: 'Organization', id: 'o1', name: 'Inside' }],
  active: true,
  identifier: [
    { use: 'official', system: 'http://example.org/a', value: 'A123456789' },
    { use: 'usual', system: 'http://example.org/b', value: '00042' },
  ],
  name: [
    { use: 'official', family: 'Chen', given: ['Mei', 'Ling'], prefix: ['Dr.'] },
    { use: 'nickname', given: ['May'], text: 'May  CHEN' },
    { use: 'maiden', family: 'Lin', _given: [{ extension: [{ url: 'http://example.org/why', valueCode: 'masked' }] }] },
  ],
  telecom: [
    { system: 'phone', value: '02-1234-5678', rank: 2 },
    { system: 'email', value: 'mei@example.org', rank: 1 },
  ],
  gender: 'female',
  birthDate: '1974-12-25',
  _birthDate: { id: 'b1', extension: [{ url: 'http://example.org/time', valueDateTime: '1974-12-25T14:35:45+08:00' }] },
  deceasedBoolean: false,
  multipleBirthInteger: 2,
  managingOrganization: { reference: '#o1' },
}

export const observation = {
  resourceType: 'Observation',
  id: 'o2',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '85354-9', display: 'Blood pressure' }], text: 'BP' },
  subject: { reference: 'Patient/p1' },
  effectiveDateTime: '2024-05-06T10:20:30+08:00',
  issued: '2024-05-06T10:20:31.500Z',
  valueQuantity: { value: 5.5, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' },
  component: [
    { code: { text: 'systolic' }, valueQuantity: { value: 120, system: 'http://unitsofmeasure.org', code: 'mm[Hg]' } },
    { code: { text: 'diastolic' }, valueQuantity: { value: 80, system: 'http://unitsofmeasure.org', code: 'mm[Hg]' } },
    { code: { text: 'said' }, valueString: 'fine' },
  ],
}

const lines = (text: string) =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')

/** For the Patient. */
export const onPatient = lines(String.raw`
  name.given
  Patient.name.given
  name[0].given[1]
  name[7]
  name[name.count() - 1].family
  (name | telecom).count()
  name.where(use = 'official').family
  name.where(given.exists()).given.first()
  name.select(given.first() & ' ' & family)
  name.select(given.count())
  name.select($index)
  name.where($index > 0).use
  name.given.where($this > 'M')
  name.given.where($this.startsWith('M') and $this.length() > 2)
  name.all(use.exists())
  name.exists(family = 'Lin')
  name.exists(family = 'Wu')
  name.family.empty()
  name.period.empty()
  name.given.count()
  name.given.hasValue()
  birthDate.hasValue()
  birthDate.getValue()
  name.hasValue()
  birthDate.extension.url
  birthDate.extension('http://example.org/time').value
  birthDate.id
  extension('http://example.org/weight').value
  extension('http://example.org/weight').value.ofType(Quantity).value
  extension('http://example.org/weight').value.ofType(string)
  extension('http://example.org/weight').value.ofType(System.String)
  extension('http://example.org/weight').value.ofType(FHIR.string)
  extension('http://example.org/none').exists()
  active
  active.not()
  active and true
  active or {}
  active xor active
  deceased
  deceased.not()
  deceased is boolean
  deceased is System.Boolean
  multipleBirth is integer
  multipleBirth > 1
  multipleBirth + 1
  birthDate is date
  birthDate is System.Date
  birthDate > @1970-01-01
  birthDate = @1974-12-25
  birthDate < @1974
  birthDate < @1975
  birthDate = @1974-12
  birthDate ~ @1974-12
  birthDate + 18 years
  birthDate + 1 month
  birthDate - 1 day
  birthDate + 2 weeks
  birthDate.toString()
  birthDate.toDateTime()
  birthDate.convertsToDateTime()
  birthDate <= today() - 18 years
  birthDate <= today()
  extension('http://example.org/when').value > @2020-01
  extension('http://example.org/when').value > @2020-02-05
  extension('http://example.org/when').value + 1 month
  extension('http://example.org/when').value + 40 days
  extension('http://example.org/when').value + 1 year
  meta.lastUpdated > @2024-05-06T00:00:00Z
  meta.lastUpdated = @2024-05-05T23:08:09.123Z
  meta.lastUpdated is instant
  gender is code
  gender is string
  gender is System.String
  gender = 'female'
  gender ~ 'FEMALE'
  gender in ('male' | 'female')
  ('male' | 'female') contains gender
  gender.upper()
  gender & '!'
  gender + '!'
  gender.length()
  gender.matches('^f.+e$')
  gender.matches('ema')
  gender.substring(2)
  gender.substring(2, 2)
  gender.substring(9)
  gender.indexOf('male')
  gender.indexOf('x')
  gender.contains('mal')
  gender.replace('e', 'E')
  gender.replaceMatches('[aeiou]', '<$&>')
  gender.toChars().count()
  gender.toChars().distinct().count()
  identifier.value.select(toInteger())
  identifier.value.where(convertsToInteger())
  identifier.where(value.matches('^[A-Z][12]\\d{8}$')).use
  identifier.value.select(replaceMatches('^([A-Z])(\\d)', '$2-$1'))
  telecom.select(rank).aggregate($this + $total, 0)
  telecom.rank.aggregate(iif($total.empty(), $this, iif($this < $total, $this, $total)))
  telecom.where(system = 'phone' or system = 'fax').value
  telecom.where(rank = 1).value
  telecom.where(rank > 1).value
  telecom.system.distinct()
  telecom.system.isDistinct()
  name.use | telecom.system
  name.use.union(telecom.system).count()
  name.use.combine(telecom.system).count()
  name.use.intersect('official' | 'phone')
  name.use.exclude('official')
  name.given.subsetOf('Mei' | 'Ling' | 'May')
  name.given.supersetOf('Mei' | 'Ling')
  name.first().given.last()
  name.tail().use
  name.skip(1).use
  name.take(2).use
  name.take(0).use
  name.skip(-1).use.count()
  name.last().use
  name.where(use = 'official').single().family
  children().count()
  name.children().count()
  name.descendants().count()
  descendants().count()
  descendants().where($this is Extension).url
  descendants().ofType(string).count()
  descendants().ofType(code)
  repeat(children()).count() > 10
  repeat(contained).id
  contained.name
  contained.ofType(Organization).name
  contained[0] is Organization
  contained[0] is Resource
  contained[0] is DomainResource
  $this is Patient
  $this is DomainResource
  $this is Resource
  Resource.id
  DomainResource.id
  Observation.id
  %resource.id
  %context.id
  %rootResource.id
  %ucum
  %sct
  %loinc
  %${'`'}vs-administrative-gender${'`'}
  %'ext-iso21090-EN-use'
  identifier.where(system = 'http://example.org/a' and use = 'official').value
  identifier.use = ('official' | 'usual')
  identifier.use = 'official' | 'usual'
  name.given ~ ('Ling' | 'May' | 'Mei')
  name[1].text ~ 'may  chen'
  name[0] = name[0]
  name[0] = name[1]
  name[0] ~ name[0]
  name[0] != name[1]
  name.given = name.given
  name.given.first() = 'Mei'
  iif(active, 'yes', 'no')
  iif(deceased, 'yes')
  iif({}, 'yes', 'no')
  name.iif(count() > 2, 'many', 'few')
  trace('x').id
  name.given.join(',')
  name.given.join()
  name.given.trace('given', count()).count()
  active.toString()
  active.toInteger()
  multipleBirth.toString()
  multipleBirth.toDecimal()
  multipleBirth.toBoolean()
  multipleBirth.toQuantity()
  name.given.first().toBoolean()
  type().name
  name.type().name.distinct()
  gender.type().namespace
  'a'.type().name
  foo
  foo.bar.exists()
  name.foo.empty()
  name.given[0].foo
  (name.use = 'official').exists()
  name.where(use = 'official' and (family = 'Chen' or family = 'Lin')).exists() implies active
  name.family.where($this = 'Lin').exists() and telecom.exists()
`)

/** For the Observation. */
export const onObservation = lines(String.raw`
  value
  value.value
  value is Quantity
  value is System.Quantity
  value.ofType(Quantity).value
  value as Quantity
  (value as Quantity).value
  (value as string).exists()
  value.as(Quantity).unit
  value.is(Quantity)
  valueQuantity.value
  value > 5 'mg'
  value > 0.005 'g'
  value = 5.5 'mg'
  value = 0.0055 'g'
  value ~ 0.0055 'g'
  value < 1 'kg'
  value > 1 'm'
  value = 1 'm'
  value * 2
  value / 2
  value + 1 'g'
  value - 1 'mg'
  value.toString()
  component.value.ofType(Quantity).value
  component.where(value is Quantity).code.text
  component.where(value is string).value
  component.where(code.text = 'systolic').value.ofType(Quantity) > 100 'mm[Hg]'
  component.value.ofType(Quantity).value.aggregate($this + $total, 0)
  component.value.ofType(Quantity).value.sum()
  component.value.ofType(Quantity).value.max()
  component.value.ofType(Quantity).value.min()
  component.value.ofType(Quantity).value.avg()
  component.select(code.text & ': ' & value.ofType(Quantity).value.toString())
  component.value.ofType(string)
  component.all(code.exists())
  component is BackboneElement
  component[0] is BackboneElement
  component[0] is Element
  component[0] is Observation.component
  code.coding.where(system = %loinc).code
  code.coding.exists(system = 'http://loinc.org' and code = '85354-9')
  code.coding.code = '85354-9'
  code.coding.display.lower()
  effective is dateTime
  effective > @2024-05-06
  effective > @2024-05-05
  effective < @2024-05-06T02:20:31Z
  effective = @2024-05-06T02:20:30Z
  effective = @2024-05-06T10:20:30+08:00
  effective + 1 day
  effective + 1 month
  effective - 30 minutes
  effective + 90 seconds
  effective.toDate()
  effective.toString()
  issued > effective
  issued - 1 hour
  issued + 500 milliseconds
  issued is instant
  (issued | effective).count()
  subject.reference
  subject is Reference
  status in ('final' | 'amended')
  status = 'final' and value.exists()
  bodySite.exists().not()
  interpretation.coding.code contains 'H'
  descendants().ofType(Quantity).value
  descendants().where($this is Quantity and value > 100).value
`)

/** For anything: literals and operators. */
export const plain = lines(String.raw`
  1
  1.5
  -1
  +1.5
  -(1 + 2)
  'it\'s'
  'a\u0041\n\t\\'
  true
  {}
  @2024-05-06
  @2024-05
  @2024
  @2024-05-06T10:20
  @2024-05-06T10:20:30.123+08:00
  @T10:20
  @T10:20:30
  1 'mg'
  4 days
  1 year
  1 + 2 * 3
  (1 + 2) * 3
  10 - 2 - 3
  7 div 2
  -7 div 2
  7 mod 3
  -7 mod 3
  5.5 div 0.7
  5.5 mod 0.7
  1 / 2
  1 / 0
  1 div 0
  1 mod 0
  10 / 4
  0.1 + 0.2
  0.1 + 0.2 = 0.3
  1.1 * 3
  100.1 - 100
  0.3 - 0.1 - 0.2
  1 + {}
  {} = {}
  {} ~ {}
  {} != 1
  1 = 1.0
  1 = 2
  1 != 2
  1.0 ~ 1
  1.23 ~ 1.2
  1.28 ~ 1.2
  'a' = 'A'
  'a' ~ 'A'
  'a b' ~ 'A	B'
  'a' < 'b'
  'B' < 'a'
  'abc' < 'abd'
  'a' < 'ab'
  1 < 2
  2 <= 2
  1 > 2
  true and false
  true and {}
  false and {}
  {} and {}
  true or {}
  false or {}
  {} or {}
  true xor false
  true xor {}
  true implies false
  false implies {}
  {} implies true
  {} implies false
  true = true
  true != false
  true and 'a'
  not()
  true.not()
  {}.not()
  1 | 2 | 1
  (1 | 2 | 3).count()
  (1 | 2) = (1 | 2)
  (1 | 2) = (2 | 1)
  (1 | 2) ~ (2 | 1)
  1 in (1 | 2)
  3 in (1 | 2)
  {} in (1 | 2)
  1 in {}
  (1 | 2) contains 2
  (1 | 2) contains {}
  1 is Integer
  1.5 is Decimal
  'a' is String
  true is Boolean
  @2024 is Date
  @2024-05-06T10:00 is DateTime
  @T10:00 is Time
  1 'mg' is Quantity
  1 is System.Integer
  1 is string
  'a' as String
  'a' as Integer
  (1 | 'a' | true).ofType(String)
  'a' & 'b'
  'a' & {}
  'a' + 'b'
  'a' + {}
  ('a' | 'b').first() & 'c'
  'abc'.substring(1)
  'abc'.substring(1, 1)
  'abc'.substring(5)
  'abc'.substring(-1)
  'abc'.indexOf('c')
  'abc'.indexOf('')
  'abc'.startsWith('')
  'abc'.endsWith('bc')
  'abc'.contains('')
  ''.length()
  'abc'.upper().lower()
  'abc'.replace('b', '')
  'abc'.replace('', 'x')
  'aaa'.replace('a', 'bb')
  'abc'.toChars()
  ''.toChars()
  'a,b,c'.split(',')
  ' a '.trim()
  'abc'.lastIndexOf('c')
  'abc'.matches('b')
  'abc'.matches('^b')
  'abc'.matches('^a.c$')
  'abc'.matches('^(a|x)b?c+$')
  'abc'.matches('[^a-b]$')
  'a.c'.matches('a\\.c')
  'abc'.matches('a{2}')
  'aab'.matches('^a{2}b$')
  'aab'.matches('^a{1,3}b$')
  'a\nb'.matches('a.b')
  'abc'.matchesFull('b')
  'abc'.matchesFull('a.c')
  'ABC'.matches('abc')
  'x12y345'.replaceMatches('\\d+', '#')
  'x12y345'.replaceMatches('(\\w)(\\d)', '$2$1')
  'abc'.replaceMatches('', '-')
  'abc'.replaceMatches('x*', '-')
  'aXbX'.replaceMatches('(?<l>[a-z])X', '$<l>')
  'foobar'.replaceMatches('o+?', '0')
  'a b  c'.replaceMatches('\\s+', ' ')
  'aaa'.replaceMatches('a|aa', 'b')
  'ab12'.replaceMatches('[a-z]+|[0-9]+', '[$&]')
  '1'.toInteger()
  '+1'.toInteger()
  '1.0'.toInteger()
  'a'.toInteger()
  true.toInteger()
  1.5.toInteger()
  '1.5'.toDecimal()
  '1'.toDecimal()
  'x'.toDecimal()
  false.toDecimal()
  'true'.toBoolean()
  'T'.toBoolean()
  'no'.toBoolean()
  'x'.toBoolean()
  1.toBoolean()
  0.0.toBoolean()
  2.toBoolean()
  1.toString()
  1.5.toString()
  true.toString()
  @2024-05.toString()
  @T10:20.toString()
  1 'mg'.toString()
  '2024-05-06'.toDate()
  '2024'.toDate()
  '2024-13'.toDate()
  '2024-05-06T10:00:00Z'.toDate()
  '2024-05-06T10:00:00Z'.toDateTime()
  '2024-05-06'.toDateTime()
  '10:20:30'.toTime()
  'T10:20'.toTime()
  '25:00'.toTime()
  '5 \'mg\''.toQuantity()
  '5 days'.toQuantity()
  '5'.toQuantity()
  '5 foo'.toQuantity()
  5.toQuantity()
  1 'g'.toQuantity('mg')
  '1'.convertsToInteger()
  'a'.convertsToInteger()
  {}.convertsToInteger()
  '1.5'.convertsToDecimal()
  'yes'.convertsToBoolean()
  '2024'.convertsToDate()
  '2024'.convertsToDateTime()
  '10:00'.convertsToTime()
  '1 \'mg\''.convertsToQuantity()
  1.convertsToString()
  (-1.5).abs()
  (-1).abs()
  1.2.ceiling()
  (-1.2).ceiling()
  1.8.floor()
  (-1.2).floor()
  1.8.truncate()
  (-1.8).truncate()
  1.5.round()
  2.5.round()
  1.2345.round(2)
  1.005.round(2)
  9.sqrt()
  (-1).sqrt()
  2.power(3)
  2.power(0.5).round(5)
  (-1).power(0.5)
  100.log(10).round(6)
  1.exp().round(6)
  2.718281828.ln().round(6)
  (5.5 'mg').abs()
  (1 | 2 | 3).sum()
  (1 | 2 | 3).max()
  (1 | 2 | 3).avg()
  (true | false).allTrue()
  (true | false).anyTrue()
  (true | false).allFalse()
  (true | false).anyFalse()
  {}.allTrue()
  {}.anyTrue()
  {}.count()
  {}.exists()
  {}.empty()
  {}.first()
  {}.all($this = 1)
  (1 | 2).all($this > 0)
  (1 | 2).exists($this > 1)
  (1 | 2 | 3).where($this > 1).select($this * 2)
  (1 | 2 | 3).aggregate($total + $this, 0)
  (1 | 2 | 3).aggregate($this)
  (1 | 2 | 3).aggregate($total.count() + 1, 0)
  @2024-01-31 + 1 month
  @2024-02-29 + 1 year
  @2024-03-31 - 1 month
  @2024-05-06 + 1 week
  @2024-05-06 - 10 days
  @2024 + 1 year
  @2024 + 24 months
  @2024 + 400 days
  @2024-05 + 45 days
  @2024-05 + 1 year
  @2024-05-06 + 36 hours
  @2024-05-06T10:00 + 90 minutes
  @2024-05-06T10:00:00 + 1.5 seconds
  @2024-05-06T23:30:00Z + 1 hour
  @2024-05-06T10:00:00+08:00 - 1 day
  @T10:00 + 90 minutes
  @T23:30 + 1 hour
  @T00:10 - 20 minutes
  @T10:00:00 + 1 second
  @2024-05-06 < @2024-05-07
  @2024-05 < @2024-06-01
  @2024-05 < @2024-05-07
  @2024 = @2024
  @2024 = @2025
  @2024-05 = @2024
  @2024 != @2025
  @2024 ~ @2024-05
  @2024-05-06T10:00:00Z = @2024-05-06T18:00:00+08:00
  @2024-05-06T10:00:00Z < @2024-05-06T10:00:00+08:00
  @2024-05-06T10:00 = @2024-05-06T10:00:00
  @2024-05-06T10:00:00 = @2024-05-06T10:00:00.0
  @2024-05-06T10:00:00.1 > @2024-05-06T10:00:00
  @T10:00 < @T10:30
  @T10:00 = @T10:00:00
  @T10:00:00 > @T09:59
  @2024-05-06 = 1
  @2024-05-06 = '2024-05-06'
  1 'mg' = 1 'mg'
  1 'g' = 1000 'mg'
  1 'mg' = 1 'g'
  1 'mg' = 1 'm'
  1 'mg' < 2 'mg'
  1 'g' > 999 'mg'
  1 'mg' + 1 'mg'
  1 'm' + 3 'cm'
  3 'm' - 3 'cm'
  1 'mg' + 1 'm'
  2 'mg' * 3
  6 'mg' / 3
  6 'mg' / 3 'mg'
  3 * 2 'mg'
  1 year = 12 months
  1 year = 365 days
  1 year = 1 'a'
  1 year ~ 1 'a'
  1 month ~ 1 'mo'
  1 week = 7 days
  1 day = 24 hours
  1 day = 1 'd'
  1 second = 1 's'
  1 minute = 60 seconds
  1 year > 11 months
  1 year + 6 months
  1 week + 1 day
  2 days * 3
  -(5 'mg')
  1 = 1 'mg'
  1 = 1 '1'
  5 > 3 '1'
  today() = today()
  now() = now()
  now() > @2020-01-01T00:00:00Z
  today() > @2020-01-01
  today() - 1 day < today()
  timeOfDay() = timeOfDay()
  iif(true, 1)
  iif(false, 1)
  iif(1 = 1, 'a', 'b')
  iif(false, 1, iif(true, 2, 3))
  1.as(Integer)
  1.is(Integer)
  'a'.is(Integer)
  (1 | 2 | 3)[1]
  (1 | 2 | 3)[3]
  (1 | 2 | 3).first()
  (1 | 2 | 3).last()
  (1 | 2 | 3).tail()
  (1 | 2 | 3).skip(2)
  (1 | 2 | 3).take(2)
  (1 | 2 | 3).intersect(2 | 3 | 4)
  (1 | 2 | 3).exclude(2)
  (1 | 2).union(2 | 3)
  (1 | 2).combine(2 | 3).count()
  (1 | 2).subsetOf(1 | 2 | 3)
  (1 | 2 | 2).isDistinct()
  (1).combine(1).isDistinct()
  (1).combine(1).distinct()
  1 // a comment
  1 /* another */ + 2
  1 < 2 and 2 < 3
  1 + 1 = 2 and true
  1 | 2 = 1 | 2
  true or false and false
  false implies false or true
  1 in 1 | 2
  'a' & 'b' = 'ab'
  3 > 2 = true
  -1.abs()
  2 is Integer and true
  1 = 1 implies 2 = 2
`)
