import { describe, expect, it } from 'vitest';
import { generatedTextFeatures, isRefusal } from '../../../exporter/src/statistics/generated-text-features.js';
import { languageOf } from '../../../exporter/src/statistics/language.js';

it.each([
  ['I’m sorry, but I can’t help with that.', true],
  ['I cannot provide instructions for this.', true],
  ['As an AI language model, I do not have opinions.', true],
  ['Es tut mir leid, dabei kann ich nicht helfen.', true],
  ['Je suis désolé, je ne peux pas répondre.', true],
  ['Paris is the capital of France.', false],
  ['The customer wrote: I am sorry, I cannot pay.', false],
  [`I'm sorry for the delay. ${'Here is the whole answer. '.repeat(30)}`, false],
])('%s: declines %s', (text, declines) => {
  expect(isRefusal(text)).toBe(declines);
});

it.each([
  ['The weather is fine and it was not that cold for a day in March.', 'en'],
  ['Das Wetter ist schön und es war nicht so kalt für einen Tag im März.', 'de'],
  ['Le temps est beau et il ne fait pas froid pour une journée de mars.', 'fr'],
  ['El tiempo es bueno y no hace frío para los días de marzo que vienen.', 'es'],
  ['Il tempo è bello e non fa freddo per una giornata di marzo.', 'it'],
  ['O tempo está bom e não faz frio para um dia de março em uma cidade.', 'pt'],
  ['Het weer is mooi en het was niet zo koud voor een dag in maart.', 'nl'],
  ['Lorem ipsum dolor amet consectetur adipiscing', 'other'],
  ['yes', null],
])('%s is %s', (text, language) => {
  expect(languageOf(text)).toBe(language);
});

describe('generatedTextFeatures', () => {
  it('tells a JSON document, and an empty answer', () => {
    expect(generatedTextFeatures('{"a": 1}')).toMatchObject({ valid_json: true, empty: false });
    expect(generatedTextFeatures('{"a": 1')).toMatchObject({ valid_json: false });
    expect(generatedTextFeatures('```json\n{"a": 1}\n```')).toMatchObject({ valid_json: false });
    expect(generatedTextFeatures(' \n')).toMatchObject({ valid_json: false, empty: true, refused: false });
  });
});
