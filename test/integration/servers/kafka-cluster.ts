import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { kafkaClient, type KafkaClient } from './kafka-client.js';
import { kafkaNode, type KafkaNode } from './kafka-node.js';

/** Several brokers of one cluster on this machine, each a process of its own; every partition is on all of them. */
export interface KafkaCluster extends Pick<KafkaClient, 'send' | 'written' | 'committed' | 'isOn'> {
  /** host:port of each. */
  readonly brokers: readonly string[];
  createTopic(name: string, partitions: number): Promise<void>;
  kill(node: number): Promise<void>;
  startAgain(node: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them (KRaft, each a controller as well) on free loopback ports. */
export async function startKafkaCluster(jars: string, size: number): Promise<KafkaCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'mlfi-kafka-'));
  const places: { readonly broker: string; readonly controller: string }[] = [];
  for (let i = 0; i < size; i += 1)
    places.push({ broker: `127.0.0.1:${await freePort()}`, controller: `127.0.0.1:${await freePort()}` });
  const brokers = places.map(({ broker }) => broker);
  const client = kafkaClient(brokers);
  const enough = String(Math.floor(size / 2) + 1);
  const nodes = places.map(({ broker, controller }, i): KafkaNode => {
    const own = join(folder, String(i));
    mkdirSync(own);
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': String(i + 1),
      'controller.quorum.voters': places.map((each, j) => `${j + 1}@${each.controller}`).join(','),
      listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}`,
      'advertised.listeners': `PLAINTEXT://${broker}`,
      'inter.broker.listener.name': 'PLAINTEXT',
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': join(own, 'data'),
      'min.insync.replicas': enough,
      'offsets.topic.replication.factor': String(size),
      'offsets.topic.num.partitions': '1',
      'group.initial.rebalance.delay.ms': '0',
      'broker.session.timeout.ms': '3000',
      'broker.heartbeat.interval.ms': '500',
      'group.min.session.timeout.ms': '1000',
      'auto.create.topics.enable': 'false',
    };
    return kafkaNode(jars, own, settings, [], async () => (await kafkaClient([broker]).brokers()) === size);
  });
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    brokers,
    createTopic: (name, partitions) => client.createTopic(name, partitions, size),
    send: client.send,
    isOn: client.isOn,
    written: client.written,
    committed: client.committed,
    kill: async (node) => nodes[node]?.kill(),
    startAgain: async (node) => nodes[node]?.start(),
    stop,
  };
}
