import { randomBytes } from 'node:crypto';
import type { Ids } from '../domain/ports.js';

/** 144 random bits as base64url: 24 characters, no `/`, never starts with `-`. */
export const randomIds: Ids = {
  next: () => {
    const text = randomBytes(18).toString('base64url');
    return text.startsWith('-') ? `m${text.slice(1)}` : text;
  },
};
