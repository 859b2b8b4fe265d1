import { expect, it } from 'vitest';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import { besideLanes, ModelLanes } from '../../../exporter/src/incidents/model-lane.js';

const [A, B] = [modelId('a'), modelId('b')];
const nothing = (): void => undefined;

it('refuses to wait for the lane that is held, however deep inside, and goes on with what comes later', async () => {
  const [lanes, others] = [new ModelLanes(), new ModelLanes()];
  const inside = 'the lane of model "a" was asked for inside itself';
  await expect(lanes.run(A, () => lanes.run(A, nothing))).rejects.toThrow(inside);
  await expect(lanes.run(A, () => others.run(A, () => lanes.run(B, () => lanes.run(A, nothing))))).rejects.toThrow(
    inside,
  );
  const later = lanes.run(A, async () => {
    await Promise.resolve();
    await lanes.run(A, nothing);
  });
  await expect(later).rejects.toThrow(inside);
  expect(await lanes.run(A, () => 'still open')).toBe('still open');
});

it('lets the lanes of other models, and other lanes of the model, be taken inside', async () => {
  const [lanes, others] = [new ModelLanes(), new ModelLanes()];
  expect(await lanes.run(A, () => lanes.run(B, () => others.run(A, () => 'done')))).toBe('done');
});

it('lets what a turn has begun, and does not wait for, take turns after it', async () => {
  const lanes = new ModelLanes();
  const order: string[] = [];
  let end = nothing;
  const isOver = new Promise<void>((resolve) => (end = resolve));
  let begun: Promise<unknown> = Promise.resolve();
  let beside: Promise<unknown> = Promise.resolve();
  await lanes.run(A, async () => {
    begun = isOver.then(() => lanes.run(A, () => void order.push('begun in the turn')));
    beside = besideLanes(() => lanes.run(A, () => void order.push('beside it')));
    await Promise.resolve();
    order.push('the turn');
  });
  end();
  await Promise.all([begun, beside]);
  expect(order).toEqual(['the turn', 'beside it', 'begun in the turn']);
});

it('runs one turn in several lanes, after what was asked of each before and before what is asked later', async () => {
  const lanes = new ModelLanes();
  const order: string[] = [];
  const said = (text: string) => async (): Promise<void> => {
    await Promise.resolve();
    order.push(text);
  };
  await Promise.all([
    lanes.run(A, said('a before')),
    lanes.runAll([A, B], said('both')),
    lanes.runAll([B, A], said('both again')),
    lanes.run(B, said('b after')),
  ]);
  expect(order).toEqual(['a before', 'both', 'both again', 'b after']);
  expect(await lanes.runAll([], () => 'none')).toBe('none');
});

it('refuses a lane inside a turn of several, and takes none of several when one is asked for inside itself', async () => {
  const lanes = new ModelLanes();
  const inside = 'the lane of model "a" was asked for inside itself';
  await expect(lanes.runAll([B, A], () => lanes.run(A, nothing))).rejects.toThrow(inside);
  await expect(lanes.run(A, () => lanes.runAll([B, A], nothing))).rejects.toThrow(inside);
  const broken = lanes.runAll([A, B], () => Promise.reject(new Error('a bug')));
  await expect(broken).rejects.toThrow('a bug');
  expect(await lanes.runAll([A, B], () => 'still open')).toBe('still open');
});

it('is settled when no lane has work left, also what is asked for meanwhile', async () => {
  const lanes = new ModelLanes();
  const order: string[] = [];
  const later = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    order.push('later');
  };
  void lanes.run(A, () => void lanes.run(B, later));
  await lanes.settle();
  order.push('settled');
  expect(order).toEqual(['later', 'settled']);
  await lanes.settle();
});
