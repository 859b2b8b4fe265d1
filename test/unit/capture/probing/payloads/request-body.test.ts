import { expect, it } from 'vitest';
import { requestBodyOf } from '../../../../../exporter/src/capture/probing/payloads/request-body.js';
import { featuresOf } from '../../../../../exporter/src/capture/probing/payloads/features.js';
import { imageUrl } from '../../../../../exporter/src/capture/probing/payloads/images.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';

const form = (payload: Json): string => {
  const endpoint = { url: 'http://host/', connector: 'multipart', settings: {}, authorizationSecret: null } as const;
  const { bytes, contentType, body } = requestBodyOf(endpoint, payload);
  expect([contentType, body]).toEqual([expect.stringMatching(/^multipart\/form-data; boundary=[\w-]+$/), null]);
  return Buffer.from(bytes ?? []).toString('latin1');
};

it('sends each field of a payload as a part of a form, files as they are', () => {
  const sent = form({ file: imageUrl(0), top_k: 3, tags: ['a', 'b'], none: null });
  expect(sent.match(/form-data; name="\w+"/g)).toEqual(
    ['file', 'top_k', 'tags', 'tags'].map((name) => `form-data; name="${name}"`),
  );
  expect(sent).toContain('filename="file.png"\r\ncontent-type: image/png\r\n\r\n\u0089PNG');
  expect(sent).toMatch(/\r\n--mlfi-\w+--\r\n$/);
});

it('lets no name of a field end its header', () => {
  expect(form({ 'a"\r\nx-injected: 1': 'text' })).toContain('name="a%22%0D%0Ax-injected: 1"\r\n\r\ntext');
});

it('tells of a file its size', () => {
  expect(featuresOf({ file: imageUrl(0), top_k: 3 })).toEqual({ 'file.bytes': 106, top_k: 3 });
});
