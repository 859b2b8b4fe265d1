import type { JsonObject } from '../src/domain/json.js';
import type { SampleModel } from './models/sample-model.js';
import { FEATURES, isNumericFeature, type AdultRow } from './tabular/adult.js';

const answerSchema: JsonObject = {
  type: 'object',
  required: ['prediction', 'confidence'],
  properties: {
    prediction: { type: 'string' },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    model_version: { type: 'string' },
  },
};

function operation(summary: string, schema: JsonObject, examples: readonly JsonObject[]): JsonObject {
  return {
    post: {
      summary,
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema,
            examples: Object.fromEntries(examples.map((value, index) => [`example${index + 1}`, { value }])),
          },
        },
      },
      responses: { 200: { description: 'the answer', content: { 'application/json': { schema: answerSchema } } } },
    },
  };
}

const TEXTS = [
  'The delivery was late and the box was damaged.',
  'Great service, I will come back.',
  'Where can I find the invoice for order 4711?',
];

function textPath(model: SampleModel): readonly [string, JsonObject] {
  const schema = { type: 'object', required: ['text'], properties: { text: { type: 'string' } } };
  return [
    `/${model.name}/predict`,
    operation(
      model.description,
      schema,
      TEXTS.map((text) => ({ text })),
    ),
  ];
}

function tabularPath(rows: readonly AdultRow[]): readonly [string, JsonObject] {
  const categories = (feature: (typeof FEATURES)[number]): string[] => [
    ...new Set(rows.flatMap(({ features }) => (typeof features[feature] === 'string' ? [features[feature]] : []))),
  ];
  const numbers = (feature: (typeof FEATURES)[number]): number[] =>
    rows.flatMap(({ features }) => (typeof features[feature] === 'number' ? [features[feature]] : []));
  const properties = Object.fromEntries(
    FEATURES.map((feature) => [
      feature,
      isNumericFeature(feature)
        ? { type: ['integer', 'null'], minimum: Math.min(...numbers(feature)), maximum: Math.max(...numbers(feature)) }
        : { type: ['string', 'null'], examples: categories(feature).slice(0, 5) },
    ]),
  );
  const schema = { type: 'object', required: [...FEATURES], properties };
  const examples = rows.slice(0, 8).map(({ features }) => ({ ...features }));
  return ['/tabular/predict', operation('Income above 50,000 dollars? (UCI Adult)', schema, examples)];
}

/** OpenAPI 3.1 description of the demo's models; examples are held-out rows of the shipped data. */
export function openApiDocument(models: readonly SampleModel[], rows: readonly AdultRow[]): JsonObject {
  return {
    openapi: '3.1.0',
    info: { title: 'mlfi sample models', version: '1' },
    paths: Object.fromEntries([...models.map(textPath), ...(rows.length === 0 ? [] : [tabularPath(rows)])]),
  };
}
