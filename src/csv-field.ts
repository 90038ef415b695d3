/** A field of a CSV line, quoted where it has to be (RFC 4180); what is not known is empty. */
export function csvField(value: string | number | null | undefined): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
