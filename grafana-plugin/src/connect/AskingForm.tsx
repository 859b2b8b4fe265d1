import React from 'react';
import { t } from '@grafana/i18n';
import { Button, Checkbox, Combobox, Field, Input, Stack, TextArea } from '@grafana/ui';
import { titled } from '../components/format';
import type { AskingFields, AskingProblems, NamedValue, TextName } from './asking';

const CONNECTORS: Array<Exclude<NonNullable<AskingFields['connector']>, ''>> = [
  ...(['rest', 'openai', 'ollama', 'huggingface-inference', 'huggingface-space', 'gradio', 'open-inference'] as const),
  ...(['mlflow', 'torchserve', 'bentoml', 'tensorflow-serving', 'kserve', 'vertex', 'sagemaker', 'seldon'] as const),
  ...(['azure-ml', 'multipart'] as const),
];

const METHODS = ['POST', 'PUT'] as const;

/** A list of names and values, of which one more can be given. */
function NamedValues({
  field,
  given,
  problems,
  nameLabel,
  valueLabel,
  more,
  onChange,
}: {
  field: 'headers' | 'query';
  given: NamedValue[];
  problems: AskingProblems;
  nameLabel: string;
  valueLabel: string;
  more: string;
  onChange: (given: NamedValue[]) => void;
}) {
  const change = (at: number, to: Partial<NamedValue>) =>
    onChange(given.map((each, i) => (i === at ? { ...each, ...to } : each)));
  return (
    <>
      {given.map(({ name, value }, i) => (
        <Stack key={i} gap={2} wrap="wrap">
          <Field
            label={nameLabel}
            htmlFor={`asking-${field}-${i}`}
            invalid={problems[`${field}-${i}`] !== undefined}
            error={problems[`${field}-${i}`]}
            style={{ marginBottom: 8, flex: '1 1 180px', maxWidth: 180, minWidth: 0 }}
          >
            <Input
              id={`asking-${field}-${i}`}
              value={name}
              autoComplete="off"
              onChange={(event) => change(i, { name: event.currentTarget.value })}
            />
          </Field>
          <Field
            label={valueLabel}
            htmlFor={`asking-${field}-value-${i}`}
            style={{ marginBottom: 8, flex: '1 1 320px', maxWidth: 320, minWidth: 0 }}
          >
            <Input
              id={`asking-${field}-value-${i}`}
              type="password"
              value={value}
              autoComplete="new-password"
              placeholder={field === 'headers' ? t('asking.value-example', 'Bearer …') : undefined}
              onChange={(event) => change(i, { value: event.currentTarget.value })}
            />
          </Field>
        </Stack>
      ))}
      <Button
        type="button"
        variant="secondary"
        fill="text"
        size="sm"
        icon="plus"
        onClick={() => onChange([...given, { name: '', value: '' }])}
      >
        {more}
      </Button>
    </>
  );
}

/** The headers, the payload and the places in the answer, for a model that does not tell them itself. */
export function AskingForm({
  fields,
  problems,
  onChange,
}: {
  fields: AskingFields;
  problems: AskingProblems;
  onChange: (fields: AskingFields) => void;
}) {
  const textField = (name: TextName, label: string, widthPx: number, placeholder?: string) => (
    <Field
      label={label}
      htmlFor={`asking-${name}`}
      invalid={problems[name] !== undefined}
      error={problems[name]}
      style={{ marginBottom: 8, flex: `1 1 ${widthPx}px`, maxWidth: widthPx, minWidth: 0 }}
    >
      <Input
        id={`asking-${name}`}
        value={fields[name]}
        type={name === 'password' ? 'password' : 'text'}
        autoComplete={name === 'password' ? 'new-password' : 'off'}
        placeholder={placeholder}
        onChange={(event) => onChange({ ...fields, [name]: event.currentTarget.value })}
      />
    </Field>
  );
  return (
    <>
      <NamedValues
        field="headers"
        given={fields.headers}
        problems={problems}
        nameLabel={t('asking.header', 'Header')}
        valueLabel={t('asking.value', 'Key, as the header takes it')}
        more={t('asking.another-header', 'Another header')}
        onChange={(headers) => onChange({ ...fields, headers })}
      />
      <p>
        <small>
          {t(
            'asking.kept',
            'The exporter keeps keys with the model and never shows them again. To keep a key out of its database, name it under “secrets” in its configuration and add the model there.'
          )}
        </small>
      </p>
      <Field
        label={t('asking.payload', 'One payload the model takes, as JSON')}
        htmlFor="asking-payload"
        invalid={problems.payload !== undefined}
        error={problems.payload}
        style={{ marginBottom: 8 }}
      >
        <TextArea
          id="asking-payload"
          rows={3}
          value={fields.payload}
          placeholder={t('asking.payload-example', '{"instances": [[0.5, 1.2, 3.1]]}')}
          onChange={(event) => onChange({ ...fields, payload: event.currentTarget.value })}
        />
      </Field>
      <Stack gap={2} wrap="wrap">
        {textField(
          'prediction',
          t('asking.prediction', 'Where the prediction is in the answer'),
          280,
          t('asking.prediction-example', '/predictions/0/label')
        )}
        {textField(
          'confidence',
          t('asking.confidence', 'Where its confidence is'),
          280,
          t('asking.confidence-example', '/predictions/0/score')
        )}
      </Stack>
      <details>
        <summary>{t('asking.more', 'User and password, parameters, kind of server, certificates')}</summary>
        <div style={{ marginTop: 8 }}>
          <Stack gap={2} wrap="wrap">
            {textField('user', t('asking.user', 'User'), 180)}
            {textField('password', t('asking.password', 'Password'), 320)}
          </Stack>
          <NamedValues
            field="query"
            given={fields.query}
            problems={problems}
            nameLabel={t('asking.parameter', 'Parameter of the address')}
            valueLabel={t('asking.parameter-value', 'Its value')}
            more={t('asking.another-parameter', 'Another parameter')}
            onChange={(query) => onChange({ ...fields, query })}
          />
          <Stack gap={2} wrap="wrap">
            <Field label={t('asking.connector', 'Kind of server')} htmlFor="asking-connector">
              <Combobox
                id="asking-connector"
                width={28}
                value={fields.connector ?? ''}
                options={[
                  { value: '' as const, label: t('asking.find-out', 'Find out') },
                  ...CONNECTORS.map((connector) => ({ value: connector, label: titled(connector) })),
                ]}
                onChange={({ value }) => onChange({ ...fields, connector: value })}
              />
            </Field>
            <Field label={t('asking.method', 'Method')} htmlFor="asking-method">
              <Combobox
                id="asking-method"
                width={16}
                value={fields.method}
                options={[
                  { value: '' as const, label: t('asking.find-out', 'Find out') },
                  ...METHODS.map((method) => ({ value: method, label: method })),
                ]}
                onChange={({ value }) => onChange({ ...fields, method: value })}
              />
            </Field>
            {textField('classes', t('asking.classes', 'Where the class names are'), 280)}
            {textField(
              'openapi',
              t('asking.openapi', 'Its OpenAPI document'),
              280,
              t('asking.openapi-example', '/docs/openapi.json')
            )}
          </Stack>
          <Stack gap={2} wrap="wrap">
            {textField('caFile', t('asking.ca', 'Certificate authority, a file of the exporter’s'), 280)}
            {textField('certFile', t('asking.cert', 'Client certificate'), 180)}
            {textField('keyFile', t('asking.key', 'Its key'), 180)}
          </Stack>
          <Checkbox
            label={t('asking.insecure', 'Take any certificate: nobody then knows who answers')}
            value={fields.isAnyCertificateTaken}
            onChange={(event) => onChange({ ...fields, isAnyCertificateTaken: event.currentTarget.checked })}
          />
        </div>
      </details>
    </>
  );
}
