import type { Knex } from 'knex';
import type { LabelEvidence, LabelEvidenceRepository } from '../domain/ledger.js';
import type { ModelId } from '../domain/identifiers.js';
import { labelEvidenceCodec } from './codecs/label-evidence.js';
import { readDocument } from './documents.js';

interface Row {
  readonly first_label: number;
  readonly labels: number;
  readonly document: string;
}

/** Labels that came together lie in one row, named by the number of the first. */
export function labelEvidenceRepository(db: Knex): LabelEvidenceRepository {
  const read = (model: ModelId, { first_label: first, labels, document }: Row): readonly LabelEvidence[] => {
    const place = { table: 'label_evidence', row: `${model} ${first}`, model };
    return readDocument(labelEvidenceCodec, document, place, { labels });
  };
  const save = async (model: ModelId, first: number, labels: readonly LabelEvidence[]): Promise<void> => {
    const document = labelEvidenceCodec.encode(labels);
    await db('label_evidence').insert({ model, first_label: first, labels: labels.length, document });
  };
  return {
    add: save,
    async list(model) {
      const rows = await db('label_evidence')
        .where({ model })
        .orderBy('first_label')
        .select<Row[]>('first_label', 'labels', 'document');
      return rows.map((row) => ({ first: row.first_label, labels: read(model, row) }));
    },
    async drop(model, before) {
      const begun = db('label_evidence').where({ model }).where('first_label', '<', before);
      const cut = await begun
        .clone()
        .whereRaw('first_label + labels > ?', [before])
        .first<Row | undefined>('first_label', 'labels', 'document');
      await begun.delete();
      if (cut !== undefined) await save(model, before, read(model, cut).slice(before - cut.first_label));
    },
  };
}
