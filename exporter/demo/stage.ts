/** Where the story plays: what runs, what is known of the model, and how it is told. */
import { modelId } from '../src/domain/identifiers.js';
import type { ModelStatus } from '../src/domain/model-status.js';
import type { RunningApplication } from './application.js';
import { chapterHeading, told } from './chapters.js';
import type { DemoOptions, DemoPorts, StartedExporter } from './exporter.js';
import { printable } from './render.js';
import type { DemoModels } from './server.js';

/** The model the story is about. */
export const STORY_MODEL = 'tabular';

const POLL_EVERY_MS = 500;

/** Everything a chapter needs. */
export interface Stage {
  readonly options: DemoOptions;
  readonly ports: DemoPorts;
  readonly models: DemoModels;
  readonly started: StartedExporter;
  readonly application: RunningApplication;
  /** What mlfi knows of the model; null before it knows it. */
  readonly status: () => ModelStatus | null;
  readonly say: (text: string) => void;
  readonly chapter: (title: string) => void;
  /** Looks until there is something, however long it takes, with a line that tells how far it is. @throws when the person stops the demo */
  readonly until: <T>(look: () => T | null | Promise<T | null>, live: () => string) => Promise<T>;
}

/** @returns the stage for what is running */
export function stageOf(
  options: DemoOptions,
  ports: DemoPorts,
  models: DemoModels,
  started: StartedExporter,
  application: RunningApplication,
): Stage {
  const { screen, clock, stop } = ports;
  let chapterNumber = 0;
  return {
    options,
    ports,
    models,
    started,
    application,
    status: () =>
      started.service.application.models.statuses().find(({ model }) => model.id === modelId(STORY_MODEL)) ?? null,
    say: (text) => screen.print(told(text, options.width)),
    chapter(title) {
      chapterNumber += 1;
      screen.print(chapterHeading(chapterNumber, title, options.width));
    },
    async until(look, live) {
      for (;;) {
        stop.throwIfAborted();
        const found = await look();
        if (found !== null) {
          screen.show('', [], clock.now());
          return found;
        }
        const failure = application.failure();
        screen.show(
          '',
          [`  ${printable(failure === null ? live() : `the application tries again: ${failure}`)}`],
          clock.now(),
        );
        await clock.sleep(POLL_EVERY_MS, stop);
      }
    },
  };
}
