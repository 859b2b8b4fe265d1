import { applications } from './applications.js';
import { gradio } from './gradio.js';
import { images } from './images.js';
import { openaiLike } from './language-models.js';
import { later } from './later.js';
import { mlflow } from './mlflow.js';
import { refusing } from './refusing.js';
import type { Serving } from './serving.js';
import { tables } from './tables.js';
import { tasks } from './tasks.js';
import { inference } from './tensors.js';

/** Every server that is tried, in the order of the table in docs/connecting.md. */
export const SERVINGS: readonly Serving[] = [
  ...openaiLike,
  ...tasks,
  ...tables,
  ...mlflow,
  ...inference,
  ...gradio,
  ...applications,
  ...images,
  ...later,
  ...refusing,
];
