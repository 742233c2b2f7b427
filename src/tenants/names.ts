/**
 * The names that tenants have.
 */

/** The tenant at /fhir. */
export const DEFAULT = 'default'

/** It stands in URLs and in the file system. */
export const tenantName = /^[a-z0-9][a-z0-9-]{0,62}$/
