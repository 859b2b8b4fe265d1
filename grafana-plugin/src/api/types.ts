import type { paths } from './schema';

/** As openapi-fetch types what it has read: a tuple of the document is a list. */
type Read<T> =
  T extends ReadonlyArray<infer Element>
    ? Array<Read<Element>>
    : T extends object
      ? { [Field in keyof T]: Read<T[Field]> }
      : T;
type Json<T> = T extends { responses: { 200: { content: { 'application/json': infer Body } } } } ? Read<Body> : never;
type Get<Path extends keyof paths> = paths[Path] extends { get: infer Operation } ? Json<Operation> : never;
type Post<Path extends keyof paths> = paths[Path] extends { post: infer Operation } ? Json<Operation> : never;

export type FleetModel = Get<'/api/v1/models'>['models'][number];
export type Baseline = FleetModel['baseline'];
export type ModelDetail = Get<'/api/v1/models/{id}'>;
export type Finding = ModelDetail['findings'][number];
export type SignalDistribution = Get<'/api/v1/models/{id}/distributions'>['signals'][number];
export type Counts = NonNullable<SignalDistribution['before']>;
export type Incident = Get<'/api/v1/incidents/{id}'>;
export type Diagnosis = Incident['diagnosis'];
export type Cause = Diagnosis['causes'][number];
export type SimilarIncident = Get<'/api/v1/incidents/{id}/similar'>['similar'][number];
export type Recommendation = Get<'/api/v1/recommendations'>['recommendations'][number];
/** What a person may propose. */
export type ProposedAction = Exclude<Recommendation['action'], 'none'>;
export type Actor = Recommendation['proposed_by'];
export type KillSwitch = Get<'/api/v1/kill-switch'>;
export type Review = Get<'/api/v1/reviews'>['reviews'][number];
export type Validation = Get<'/api/v1/models/{id}/validations'>['validations'][number];
export type GoldenInput = ModelDetail['golden_inputs'][number];
export type AuditEntry = Get<'/api/v1/audit'>['entries'][number];
export type AuditVerdict = Get<'/api/v1/audit/verify'>;
export type WhoAmI = Get<'/api/v1/whoami'>;
export type Discovery = Post<'/api/v1/discover'>;
