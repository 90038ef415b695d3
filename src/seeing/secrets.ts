const HIDDEN = '***'

/** Parameters whose name says that their value is nobody's business: key, api_key, access_token, signature. */
const PARAMETER =
  /([?&;\s]|^)([\w.%-]*(?:key|token|secret|passw|signature|credential|authorization|cookie)[\w.%-]*)=[^&\s"'<>]*/gi
const SCHEME = /\b(Bearer|Basic|Digest)\s+[\w.~+/=-]+/gi
/** Of an address that names a user. */
const USER = /(\/\/)[^/\s@]+@/g
/** As Google writes them: keys, access tokens; and JSON Web Tokens. */
const KNOWN = /\b(AIza[\w-]{30,}|ya29\.[\w.-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*)/g

/** A text of an address or a failure with what may be a secret in it hidden. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(PARAMETER, `$1$2=${HIDDEN}`)
    .replace(SCHEME, `$1 ${HIDDEN}`)
    .replace(USER, `$1${HIDDEN}@`)
    .replace(KNOWN, HIDDEN)
