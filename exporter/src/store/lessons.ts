import type { Knex } from 'knex';
import type { Lesson } from '../domain/lesson.js';
import type { LessonRepository } from '../domain/ports.js';

export function lessonRepository(db: Knex): LessonRepository {
  return {
    async save(lesson) {
      await db('lesson')
        .insert({
          id: lesson.id,
          model: lesson.modelId,
          closed_at_ms: lesson.closedAtMs,
          document: JSON.stringify(lesson),
        })
        .onConflict('id')
        .merge();
    },
    async list({ model, closedAfterMs, limit }) {
      const query = db('lesson').orderBy('closed_at_ms', 'desc').limit(limit);
      if (model !== undefined) void query.where({ model });
      if (closedAfterMs !== undefined) void query.where('closed_at_ms', '>', closedAfterMs);
      const rows = await query.select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as Lesson);
    },
  };
}
