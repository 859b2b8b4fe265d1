import { expect, it } from 'vitest';
import { ClosingStack } from '../../../exporter/src/system/closing-stack.js';

it('closes newest first, one after the other, each once', async () => {
  const closed: string[] = [];
  const stack = new ClosingStack();
  stack.push('store', () => void closed.push('store'));
  stack.push('server', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    closed.push('server');
  });
  await stack.close();
  await stack.close();
  expect(closed).toEqual(['server', 'store']);
});

it('closes the rest when a step fails, and names every step that did', async () => {
  const closed: string[] = [];
  const stack = new ClosingStack();
  stack.push('store', () => void closed.push('store'));
  stack.push('fleet', () => Promise.reject(new Error('no disk')));
  stack.push('timer', () => {
    throw new Error('broken');
  });
  await expect(stack.close()).rejects.toThrow('timer: broken; fleet: no disk');
  expect(closed).toEqual(['store']);
});
