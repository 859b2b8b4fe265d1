import { expect, it } from 'vitest';
import { addressWithoutSecrets, namedByAddress, shownAddress } from '../../../exporter/src/domain/shown-address.js';

const FULL = 'https://ada:pa55word@models.example.com:8443/v1/predict?api_key=k3y-value&v=2#top';

it('shows of an address neither user nor password nor what a parameter says', () => {
  expect(shownAddress(FULL)).toBe('https://models.example.com:8443/v1/predict?api_key=…&v=…');
  expect(shownAddress('http://host/predict')).toBe('http://host/predict');
  expect(shownAddress('http://host/p?s3cret&a=1')).toBe('http://host/p?…&a=…');
  expect(shownAddress('no address')).toBe('no address');
});

it('names a model by the host and the path of its address', () => {
  expect(namedByAddress(FULL)).toBe('models.example.com:8443/v1/predict');
});

it('tells addresses apart by parameters that are no secrets', () => {
  expect(addressWithoutSecrets(FULL)).toBe('https://models.example.com:8443/v1/predict?api_key=&v=2#top');
  expect(addressWithoutSecrets('http://host?model=b')).toBe('http://host?model=b');
});
