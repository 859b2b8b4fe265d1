/** After the story: other faults to try, until the person quits. */
import { modelId } from '../src/domain/identifiers.js';
import { liveHeader, liveLine } from './render.js';
import type { Keyboard } from './keyboard.js';
import type { Stage } from './stage.js';
import { FAULT_KINDS, faultFrom, type TabularFault } from './tabular/faults.js';
import { createTeller } from './teller.js';

const POLL_EVERY_MS = 500;

const WORDS: Readonly<Record<TabularFault['kind'], string>> = {
  none: 'no fault: back to normal',
  unit_change: '“hours-per-week” is multiplied by 100',
  null_flood: '“occupation” is missing in 60 % of the rows',
  category_rename: '“workclass” says PRIVATE_SECTOR for Private',
  model_swapped: 'an older, worse model answers under the same version',
  concept_flip: 'for married people the truth is now the other class',
};

/** The key of each fault, and what it does. */
export const MENU: readonly (readonly [key: string, kind: TabularFault['kind'], words: string])[] = FAULT_KINDS.map(
  (kind, index) => [String(index), kind, WORDS[kind]],
);

/** The other sample models, which can be watched as well. */
const MODELS = { b: 'broken', s: 'silent' } as const;

/** Offers faults by key and tells every incident once its cause is firm, until `q` or Ctrl-C. */
export async function menu(stage: Stage, keyboard: Keyboard): Promise<void> {
  const { options, ports, models, started } = stage;
  const { screen, clock, stop } = ports;
  const { service } = started;
  screen.print([
    '',
    '  Other faults to try:',
    ...MENU.map(([key, , words]) => `    ${key}  ${words}`),
    '    b  watch a model whose server goes down as well',
    '    s  watch a model that gives one answer only as well',
    '    q  quit',
    '',
    `  API ${service.address}, key ${started.apiKey}`,
    `  To decide: ${started.personToken}`,
  ]);
  const teller = createTeller(options, service);
  const quit = new AbortController();
  const wanted: (() => Promise<void>)[] = [];
  keyboard.listen((key) => {
    const fault = MENU.find(([own]) => own === key);
    if (key === 'q') quit.abort();
    else if (key === 'b' || key === 's') wanted.push(() => watch(stage, MODELS[key]));
    else if (fault !== undefined) {
      models.switches.set(faultFrom(fault[1]) ?? { kind: 'none' });
      screen.print(['', `  ⚡ ${fault[2]}`]);
    }
  });
  const ending = AbortSignal.any([stop, quit.signal]);
  while (!ending.aborted) {
    for (const act of wanted.splice(0)) await act();
    const news = await teller.news(clock.now());
    if (news.length > 0) screen.print(news);
    const statuses = service.application.models.statuses();
    screen.show(
      liveHeader(options.width),
      statuses.map((status) =>
        liveLine(
          status,
          { kind: 'open', text: status.incident?.diagnosis.causes[0]?.id ?? 'no incident' },
          options.width,
        ),
      ),
      clock.now(),
    );
    await clock.sleep(POLL_EVERY_MS, ending);
  }
}

async function watch({ models, ports, started }: Stage, name: 'broken' | 'silent'): Promise<void> {
  const { service, apiKey } = started;
  if (service.application.models.statuses().some(({ model }) => model.id === modelId(name))) return;
  const response = await fetch(`${service.address}/api/v1/models`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ id: name, url: models.urlOf(name) }),
  });
  ports.screen.print(['', response.ok ? `  “${name}” is watched too.` : `  “${name}”: ${await response.text()}`]);
}
