import React, { useEffect, useState } from 'react';
import { PluginPage } from '@grafana/runtime';
import { Alert, Badge, Button, EmptyState, InteractiveTable, LoadingPlaceholder, type BadgeColor, type Column } from '@grafana/ui';
import { fetchFleet, type FleetModel } from './fleet';

const REFRESH_MS = 2000;

const COLOURS: Record<FleetModel['state'], BadgeColor> = {
  learning: 'blue',
  healthy: 'green',
  degraded: 'orange',
  failing: 'red',
  unreachable: 'red',
  paused: 'darkgrey',
};

const orDash = (value: number | null, digits: number) => (value === null ? '–' : value.toFixed(digits));

const COLUMNS: Array<Column<FleetModel>> = [
  { id: 'name', header: 'Model', sortType: 'alphanumeric' },
  {
    id: 'state',
    header: 'State',
    sortType: 'alphanumeric',
    cell: ({ row }) => <Badge text={row.original.state} color={COLOURS[row.original.state]} />,
  },
  { id: 'headline', header: 'What is wrong', cell: ({ row }) => row.original.headline ?? '–' },
  { id: 'confidence_mean', header: 'Confidence', sortType: 'number', cell: ({ row }) => orDash(row.original.confidence_mean, 2) },
  { id: 'error_share', header: 'Errors', sortType: 'number', cell: ({ row }) => `${(100 * row.original.error_share).toFixed(1)} %` },
  {
    id: 'latency_p50_seconds',
    header: 'Latency p50 (s)',
    sortType: 'number',
    cell: ({ row }) => orDash(row.original.latency_p50_seconds, 3),
  },
  { id: 'total_samples', header: 'Samples', sortType: 'number' },
];

type Shown = { kind: 'loading' } | { kind: 'failed'; message: string } | { kind: 'models'; models: FleetModel[] };

function failureText(error: unknown): string {
  const data = (error as { data?: { error?: { message?: string }; message?: string }; statusText?: string }) ?? {};
  return data.data?.error?.message ?? data.data?.message ?? data.statusText ?? 'The exporter did not answer.';
}

/** Every watched model, refreshed every two seconds. */
function Fleet() {
  const [shown, setShown] = useState<Shown>({ kind: 'loading' });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let live = true;
    let timer: ReturnType<typeof setTimeout>;
    const refresh = async () => {
      try {
        const models = await fetchFleet();
        if (live) {
          setShown({ kind: 'models', models });
          timer = setTimeout(refresh, REFRESH_MS);
        }
      } catch (error) {
        if (live) {
          setShown({ kind: 'failed', message: failureText(error) });
        }
      }
    };
    refresh();
    return () => {
      live = false;
      clearTimeout(timer);
    };
  }, [attempt]);

  return (
    <PluginPage>
      {shown.kind === 'loading' && <LoadingPlaceholder text="Asking the exporter…" />}
      {shown.kind === 'failed' && (
        <Alert title="The exporter cannot be reached" severity="error">
          <p>{shown.message}</p>
          <Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>
        </Alert>
      )}
      {shown.kind === 'models' && shown.models.length === 0 && (
        <EmptyState variant="call-to-action" message="No model is watched yet">
          Add one to mlfi.yml, or POST its URL to /api/v1/models of the exporter.
        </EmptyState>
      )}
      {shown.kind === 'models' && shown.models.length > 0 && (
        <InteractiveTable columns={COLUMNS} data={shown.models} getRowId={(model) => model.id} pageSize={50} />
      )}
    </PluginPage>
  );
}

export default Fleet;
