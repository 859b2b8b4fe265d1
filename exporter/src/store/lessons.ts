import type { Knex } from 'knex';
import type { LessonRepository } from '../domain/ports.js';
import { lessonCodec } from './codecs/lesson.js';
import { readable, readDocument, type SetAside } from './documents.js';

export function lessonRepository(db: Knex, setAside: SetAside): LessonRepository {
  return {
    async save(lesson) {
      await db('lesson')
        .insert({
          id: lesson.id,
          model: lesson.modelId,
          closed_at_ms: lesson.closedAtMs,
          document: lessonCodec.encode(lesson),
        })
        .onConflict('id')
        .merge();
    },
    async list({ model, closedAfterMs, limit }) {
      const query = db('lesson').orderBy('closed_at_ms', 'desc').limit(limit);
      if (model !== undefined) void query.where({ model });
      if (closedAfterMs !== undefined) void query.where('closed_at_ms', '>', closedAfterMs);
      const rows = await query.select<{ id: string; model: string; document: string }[]>('id', 'model', 'document');
      return readable(
        rows,
        ({ id, model: of, document }) =>
          readDocument(lessonCodec, document, { table: 'lesson', row: id, model: of }, { id, model: of }),
        setAside,
      );
    },
  };
}
