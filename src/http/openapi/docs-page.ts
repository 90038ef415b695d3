import { html } from 'hono/html'
import type { OpenApiDocument, OperationObject } from './document.ts'
import { exampleAddress, written } from './example-address.ts'
import { formOf, membersOf } from './forms.ts'
import type { ParameterObject } from './parameters.ts'

/** What a template makes of a template. */
type Html = ReturnType<typeof html>
type Route = {
  readonly method: string
  readonly path: string
  readonly operation: OperationObject
  /** By status; what the document describes once for all is put in its place. */
  readonly answers: readonly (readonly [status: string, Answered])[]
  /** Address of the service. */
  readonly root: string
  /** Of what is posted. */
  readonly body: { readonly type: string; readonly example: unknown } | undefined
}
type Answered = {
  readonly description?: string
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
}

/** The document as a page of HTML. @param stylesheet its address */
export function docsPage(document: OpenApiDocument, stylesheet: string): Html {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => routeOf(document, method, path, operation)),
  )
  const groups = document.tags.map(({ name, description }) => ({
    name,
    description,
    routes: routes.filter(({ operation }) => operation.tags.includes(name)),
  }))
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>swath: the API</title>
    <link rel="stylesheet" href="${stylesheet}">
  </head>
  <body class="docs">
    <a class="skip" href="#routes">Skip to the routes</a>
    <header class="top">
      <h1>swath</h1>
      <p class="tagline">The API</p>
      <nav aria-label="Service"><a href="/">Map</a> <a href="/stac">STAC</a> <a href="/openapi.json">OpenAPI</a></nav>
    </header>
    <div class="sheet">
      <nav class="contents" aria-label="Routes">
        ${groups.map(
          ({ name, routes }) => html`<h2>${name}</h2>
        <ul>${routes.map(
          ({ method, path, operation }) =>
            html`<li><a href="#${operation.operationId}"><span class="method">${method}</span> ${path}</a></li>`,
        )}</ul>`,
        )}
      </nav>
      <main id="routes">
        <p>${document.info.description}</p>
        ${groups.map(
          ({ name, description, routes }) => html`<section aria-label="${name}">
          <h2>${name}</h2>
          <p>${description}</p>
          ${routes.map(routeSection)}
        </section>`,
        )}
        <section aria-label="Forms">
          <h2>Forms</h2>
          <p>What answers are made of; a question mark means that it may be left out.</p>
          ${Object.entries(document.components.schemas).map(schemaSection)}
        </section>
      </main>
    </div>
  </body>
</html>
`
}

function routeOf(
  { components, servers }: OpenApiDocument,
  method: string,
  path: string,
  operation: OperationObject,
): Route {
  const responses: Record<string, Answered & { readonly $ref?: string }> = operation.responses
  const answers = Object.entries(responses).map(
    ([status, told]) => [status, components.responses[nameIn(told.$ref)] ?? told] as const,
  )
  const [posted] = Object.entries(operation.requestBody?.content ?? {})
  const schema: { $ref?: string } = posted?.[1].schema ?? {}
  const { examples: [example] = [] }: { examples?: readonly unknown[] } =
    components.schemas[nameIn(schema.$ref)] ?? {}
  const body = posted && { type: posted[0], example }
  return { method: method.toUpperCase(), path, operation, answers, root: servers[0]?.url ?? '', body }
}

const nameIn = (reference: string | undefined): string => reference?.split('/').at(-1) ?? ''

/** A command that posts the example. */
const curlOf = (url: string, { type, example }: NonNullable<Route['body']>): string =>
  `curl -H 'Content-Type: ${type}' -d '${JSON.stringify(example)}' '${url}'`

function routeSection(route: Route): Html {
  const { method, path, operation, answers, root, body } = route
  const { operationId, summary, description, parameters, requestBody } = operation
  return html`<article id="${operationId}">
            <h3><span class="method">${method}</span> <code>${path}</code></h3>
            <p>${summary}.${description === undefined ? '' : ` ${description}`}</p>
            ${method === 'GET' ? html`<p>Try <a href="${exampleAddress(path, operation)}">${exampleAddress(path, operation)}</a></p>` : ''}
            ${requestBody ? html`<p>The body: ${mediaList(requestBody.content)}</p>` : ''}
            ${body ? html`<p>Try <code>${curlOf(root + path, body)}</code></p>` : ''}
            ${parameters.length > 0 ? parameterTable(route) : ''}
            ${table(`Answers of ${method} ${path}`, ['Status', 'Meaning', 'Form'], answers.map(answerRow))}
          </article>`
}

const parameterTable = (route: Route): Html =>
  table(
    `Parameters of ${route.method} ${route.path}`,
    ['Name', 'Form', 'Default', 'Meaning', 'Example'],
    route.operation.parameters.map((parameter) => parameterRow(route, parameter)),
  )

function parameterRow({ method, path, operation }: Route, parameter: ParameterObject): Html {
  const { name, in: place, required, description, schema } = parameter
  const marks = [place === 'path' ? 'in the path' : '', required ? 'needed' : ''].filter(
    (mark) => mark !== '',
  )
  return html`<tr><th scope="row"><code>${name}</code>${marks.length > 0 ? html` <span class="quiet">${marks.join(', ')}</span>` : ''}</th><td>${formOf(schema)}</td><td>${schema.default === undefined ? '' : html`<code>${String(schema.default)}</code>`}</td><td>${description}</td><td>${exampleCell()}</td></tr>`

  function exampleCell(): Html | string {
    if (parameter.example === undefined) return ''
    const text = html`<code>${written(parameter)}</code>`
    return method === 'GET' ? html`<a href="${exampleAddress(path, operation, [name])}">${text}</a>` : text
  }
}

const answerRow = ([status, { description, content = {} }]: Route['answers'][number]): Html =>
  html`<tr><th scope="row">${status}</th><td>${description}</td><td>${mediaList(content)}</td></tr>`

const mediaList = (content: NonNullable<Answered['content']>): Html[] =>
  Object.entries(content).map(
    ([type, { schema }]) =>
      html`<span class="media"><code>${type}</code>${schema ? html` ${formOf(schema)}` : ''}</span> `,
  )

function schemaSection([name, schema]: [string, object]): Html {
  const members = membersOf(schema)
  return html`<article id="form-${name}">
            <h3><code>${name}</code></h3>
            ${
              members.length === 0
                ? html`<p>${formOf(schema)}</p>`
                : table(
                    `Members of ${name}`,
                    ['Name', 'Form', 'Meaning'],
                    members.map(
                      ({ name, needed, schema, description }) =>
                        html`<tr><th scope="row"><code>${name}${needed ? '' : '?'}</code></th><td>${formOf(schema)}</td><td>${description}</td></tr>`,
                    ),
                  )
            }
          </article>`
}

const table = (caption: string, columns: readonly string[], rows: readonly Html[]): Html =>
  html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table>
              <caption class="hidden-visually">${caption}</caption>
              <thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
              <tbody>${rows}</tbody>
            </table></div>`
