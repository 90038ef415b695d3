#!/usr/bin/env node
// Plain JavaScript, for a Node of whatever age comes first on the path: one that strips types runs the program
// itself, an older one runs it on the Node that the project brings along.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const HOME = dirname(dirname(fileURLToPath(import.meta.url)))
const MAIN = join(HOME, 'src/main.ts')

if (HOME.split(sep).includes('node_modules')) refuse()
else if (process.features.typescript) await here()
else elsewhere()

async function here() {
  try {
    await import('../src/main.ts')
  } catch (thrown) {
    if (!/^Cannot find package /.test(thrown.message)) throw thrown
    fail('the packages that it stands on are not there')
  }
}

/** The same arguments, streams, signals and exit code. */
function elsewhere() {
  const node = ownNode()
  if (!node) return fail(`it needs Node 24, and this is ${process.versions.node}`)
  const child = spawn(node, [...process.execArgv, MAIN, ...process.argv.slice(2)], { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
  // Ctrl-C at a terminal reaches both, and a second one would end the child at once.
  const isTold = (signal) => process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')
  for (const signal of signals) process.on(signal, () => isTold(signal) || child.kill(signal))
  child.on('error', (error) => fail(`its own Node ${node} cannot be run (${error.message})`))
  child.on('exit', (code, signal) => {
    if (code !== null) process.exit(code)
    for (const one of signals) process.removeAllListeners(one)
    process.kill(process.pid, signal)
  })
}

/** Where the npm package `node` lies, which npm may have put beside this project as well. */
function ownNode() {
  try {
    const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node')
    return [node, `${node}.exe`].find(existsSync)
  } catch {
    return undefined
  }
}

/** Node strips no types below node_modules, by whatever flag (nodejs.org/api/typescript.html). */
function refuse() {
  end(
    `it was installed below node_modules, in ${HOME}, where Node runs no TypeScript; take the project into a folder ` +
      'of its own (git clone, or a copy of this one), run npm install there, and start it from there. npm link or ' +
      'npm install <that folder> then bring its command here.',
  )
}

function fail(why) {
  end(`${why}; run npm ci in ${HOME}, which brings what is missing.`)
}

function end(sentence) {
  process.stderr.write(`swath: ${sentence}\n`)
  process.exitCode = 1
}
