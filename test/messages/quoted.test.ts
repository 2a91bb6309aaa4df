import { expect, test } from 'vitest'
import { firstArgument, messagesInSource, testsAsText, type Message } from './messages.ts'

/** What no test can bring about in a reasonable time. */
const unseen = [
  // It takes rclone half a minute of silence.
  'rclone did not start within ... s...',
  // A server that completes the exchange of keys without having shown one.
  '... shows no host key',
]

/** So many words in a row tell one message from another. */
const run = 3

/** Every few words in a row of a message; a part with fewer is taken as it is. */
function phrasesOf({ parts }: Message): string[] {
  return parts.flatMap((part) => {
    const words = part.split(/\s+/).filter((word) => word !== '')
    if (words.length <= run) return words.length < 2 ? [] : [words.join(' ')]
    return words.slice(run - 1).map((_, i) => words.slice(i, i + run).join(' '))
  })
}

test('every error that a user can cause is expected, in its words, by a test', async () => {
  const messages = await messagesInSource()
  const tests = await testsAsText()
  expect(messages.length).toBeGreaterThan(100)
  const uses = new Map<string, number>()
  for (const message of messages)
    for (const phrase of new Set(phrasesOf(message))) uses.set(phrase, (uses.get(phrase) ?? 0) + 1)
  const unexpected = messages.filter((message) => {
    const phrases = phrasesOf(message)
    // What other messages say, too, does not tell which of them a test is about.
    const own = phrases.filter((phrase) => uses.get(phrase) === 1)
    return phrases.length > 0 && !(own.length > 0 ? own : phrases).some((phrase) => tests.includes(phrase))
  })
  const told = unexpected.map(({ place, parts }) => ({ place, text: parts.join('...') }))
  expect(told.filter(({ text }) => !unseen.includes(text))).toEqual([])
})

test.each([
  ["'plain', { hint: 'no' })", [['plain']]],
  ["'two words')", [['two words']]],
  ["`has ${a(`in ${'b'}`, {})} in it`, x)", [['has ', ' in it']]],
  ["is ? 'the first one' : `the other ${name}`)", [['the first one'], ['the other ', '']]],
  ["'it can\\'t be', x)", [["it can't be"]]],
  ['error.message, {})', []],
])('the message in %s is found', (source, parts) => {
  expect(firstArgument(source, 0)).toEqual(parts.filter((each) => each.join(' ').includes(' ')))
})
