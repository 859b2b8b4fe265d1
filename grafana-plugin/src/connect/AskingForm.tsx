import React from 'react';
import { t } from '@grafana/i18n';
import { Field, Input, Stack, TextArea } from '@grafana/ui';
import type { AskingFields, AskingProblems } from './asking';

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
  const textField = (name: keyof AskingFields, label: string, widthPx: number, more: { placeholder?: string } = {}) => (
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
        type={name === 'value' ? 'password' : 'text'}
        autoComplete={name === 'value' ? 'new-password' : 'off'}
        onChange={(event) => onChange({ ...fields, [name]: event.currentTarget.value })}
        {...more}
      />
    </Field>
  );
  return (
    <>
      <Stack gap={2} wrap="wrap">
        {textField('header', t('asking.header', 'Header'), 180)}
        {textField('value', t('asking.value', 'Key, as the header takes it'), 320, {
          placeholder: t('asking.value-example', 'Bearer …'),
        })}
      </Stack>
      <p>
        <small>
          {t(
            'asking.kept',
            'The exporter keeps the header with the model and never shows it again. To keep a key out of its database, name it under “secrets” in its configuration and add the model there.'
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
        {textField('prediction', t('asking.prediction', 'Where the prediction is in the answer'), 280, {
          placeholder: t('asking.prediction-example', '/predictions/0/label'),
        })}
        {textField('confidence', t('asking.confidence', 'Where its confidence is'), 280, {
          placeholder: t('asking.confidence-example', '/predictions/0/score'),
        })}
      </Stack>
    </>
  );
}
