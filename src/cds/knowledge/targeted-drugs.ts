/**
 * Targeted drugs: how an order of one is recognized, and its label.
 * A small sandbox table. ATC codes are WHO's of 2025 and those they replaced in 2021-2022; RxNorm codes are ingredients, since a
 * clinical drug's display holds the ingredient's name; NHI codes are the few that NHI publishes in its CQL guide for prior
 * authorization (tw.gov.mohw.nhi.cql 0.0.1). Left out: brands, combinations other than the one named, and NHI codes we could not
 * check. Labels: Drugs@FDA by application number.
 * https://atcddd.fhi.no/atc_ddd_index/ · https://www.nlm.nih.gov/research/umls/rxnorm/ · https://info.nhi.gov.tw/
 */

export interface TargetedDrug {
  readonly name: string
  /** As Taiwan's hospitals write it; where that is not settled, generic names are written in Latin letters. */
  readonly zh?: string
  readonly atc: readonly string[]
  readonly rxnorm?: string
  readonly nhi?: readonly string[]
  /** Application number at the FDA, for its label. */
  readonly fda: string
}

const drugs = {
  gefitinib: { zh: '吉非替尼', atc: ['L01EB01', 'L01XE02'], rxnorm: '328134', fda: '206995' },
  erlotinib: { zh: '厄洛替尼', atc: ['L01EB02', 'L01XE03'], rxnorm: '337525', fda: '021743' },
  afatinib: { atc: ['L01EB03', 'L01XE13'], fda: '201292' },
  osimertinib: { zh: '奧希替尼', atc: ['L01EB04', 'L01XE35'], rxnorm: '1721560', fda: '208065' },
  dacomitinib: { atc: ['L01EB07', 'L01XE47'], fda: '211288' },
  amivantamab: { atc: ['L01FX18'], fda: '761210' },
  crizotinib: { atc: ['L01ED01', 'L01XE16'], rxnorm: '1148495', fda: '202570' },
  ceritinib: { atc: ['L01ED02', 'L01XE28'], fda: '205755' },
  alectinib: { atc: ['L01ED03', 'L01XE36'], fda: '208434' },
  brigatinib: { atc: ['L01ED04', 'L01XE43'], fda: '208772' },
  lorlatinib: { atc: ['L01ED05', 'L01XE44'], fda: '210868' },
  entrectinib: { atc: ['L01EX14', 'L01XE56'], fda: '212725' },
  repotrectinib: { atc: [], fda: '218213' },
  larotrectinib: {
    atc: ['L01EX12', 'L01XE53'],
    nhi: ['BC27746148', 'BC27746155', 'BC27747100', 'BC27748100'],
    fda: '210861',
  },
  selpercatinib: { atc: ['L01EX22'], fda: '213246' },
  pralsetinib: { atc: ['L01EX23'], fda: '213721' },
  capmatinib: { atc: ['L01EX17'], fda: '213591' },
  tepotinib: { atc: ['L01EX21'], fda: '214096' },
  vemurafenib: { atc: ['L01EC01', 'L01XE15'], fda: '202429' },
  dabrafenib: { atc: ['L01EC02', 'L01XE23'], rxnorm: '1424911', fda: '202806' },
  encorafenib: { atc: ['L01EC03', 'L01XE46'], fda: '210496' },
  trametinib: { atc: ['L01EE01', 'L01XE25'], fda: '204114' },
  cobimetinib: { atc: ['L01EE02', 'L01XE38'], fda: '206192' },
  binimetinib: { atc: ['L01EE03', 'L01XE41'], fda: '210498' },
  sotorasib: { atc: ['L01XX73'], fda: '214665' },
  adagrasib: { atc: ['L01XX77'], fda: '216340' },
  trastuzumab: {
    zh: '曲妥珠單抗',
    atc: ['L01FD01', 'L01XC03'],
    rxnorm: '224905',
    nhi: [
      'K0006252B5',
      'K000790261',
      'K0009612B5',
      'JC00154261',
      'KC01065221',
      'KC006252B5',
      'KC009612B5',
      'KC010892B5',
      'KC011112DE',
      'KC011162B5',
      'KC011362B5',
      'KC011592DE',
    ],
    fda: '103792',
  },
  pertuzumab: {
    zh: '帕妥珠單抗',
    atc: ['L01FD02', 'L01XC13', 'L01FY01'],
    rxnorm: '1298944',
    nhi: ['KC00942233', 'KC01172235', 'KC01173229'],
    fda: '125409',
  },
  'trastuzumab emtansine': {
    atc: ['L01FD03', 'L01XC14'],
    rxnorm: '1371041',
    nhi: ['KC00949255', 'KC009492AX'],
    fda: '125427',
  },
  'trastuzumab deruxtecan': {
    atc: ['L01FD04', 'L01XC41'],
    nhi: ['KC01179255'],
    fda: '761139',
  },
  lapatinib: { atc: ['L01EH01', 'L01XE07'], rxnorm: '480167', fda: '022059' },
  neratinib: { atc: ['L01EH02', 'L01XE45'], fda: '208051' },
  tucatinib: { atc: ['L01EH03'], fda: '213411' },
  olaparib: {
    atc: ['L01XK01', 'L01XX46'],
    rxnorm: '1597582',
    nhi: ['BC27445100', 'BC27446100'],
    fda: '208558',
  },
  niraparib: { atc: ['L01XK02', 'L01XX54'], fda: '208447' },
  talazoparib: {
    atc: ['L01XK04', 'L01XX60'],
    rxnorm: '2099704',
    nhi: ['BC27801100', 'BC27802100'],
    fda: '211651',
  },
  pembrolizumab: {
    atc: ['L01FF02', 'L01XC18'],
    rxnorm: '1547545',
    nhi: ['KC01025219'],
    fda: '125514',
  },
  nivolumab: { atc: ['L01FF01', 'L01XC17'], rxnorm: '1597876', fda: '125554' },
  dostarlimab: { atc: ['L01FF07', 'L01XC40'], fda: '761174' },
  cetuximab: {
    zh: '西妥昔單抗',
    atc: ['L01FE01', 'L01XC06'],
    rxnorm: '318341',
    nhi: ['K000819248', 'K000877238', 'KC00877238'],
    fda: '125084',
  },
  panitumumab: { atc: ['L01FE02', 'L01XC08'], nhi: ['KC00941221'], fda: '125147' },
} as const satisfies Readonly<Record<string, Omit<TargetedDrug, 'name'>>>

export type DrugName = keyof typeof drugs

export const targetedDrugs: Readonly<Record<DrugName, TargetedDrug>> = Object.fromEntries(
  Object.entries(drugs).map(([name, drug]) => [name, { name, ...drug }]),
) as unknown as Record<DrugName, TargetedDrug>

/** Where the label of a drug is found. */
export const labelOf = (name: DrugName): { label: string; url: string } => ({
  label: `${name}: label at Drugs@FDA`,
  url: `https://www.accessdata.fda.gov/scripts/cder/daf/index.cfm?event=overview.process&ApplNo=${targetedDrugs[name].fda}`,
})
