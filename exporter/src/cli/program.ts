import { Command } from 'commander';
import { CONNECTOR_IDS } from '../domain/model.js';
import type { AskingOptions } from './asking-options.js';
import { auditExport, auditVerify, type AuditVerifyOptions } from './audit.js';
import { configCheck } from './config-check.js';
import { addDecisionVerbs } from './decisions.js';
import { addIncidentVerbs } from './incidents.js';
import { addImport } from './import.js';
import { init, type InitOptions } from './init.js';
import { investigateUrl } from './investigate.js';
import { addKeyVerbs } from './keys.js';
import { report, type ReportOptions } from './report.js';
import { serve } from './serve.js';
import { addServiceAddress } from './service-client.js';
import { addStoreVerbs } from './store.js';
import type { Commands } from './commands.js';

type TypedInvestigation = AskingOptions & {
  readonly samples: string;
  readonly timeout: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
};

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

/** What can be said of how a model is asked, besides its headers. */
const withAsking = (command: Command): Command =>
  command
    .option('--query <name=value>', 'parameter of every call; "name=@file" reads the value from a file', collect, [])
    .option('--basic <user:password>', 'user and password; "user:@file" reads the password from a file')
    .option('--token-file <file>', 'file with a bearer token for the model')
    .option('--payload <json>', 'what to send; "@file" reads one JSON value, or one a line')
    .option('--connector <name>', `protocol of the model: ${CONNECTOR_IDS.join(', ')}`)
    .option('--method <method>', 'POST or PUT (default: POST)')
    .option('--ca <file>', 'certificate authorities to trust, PEM')
    .option('--cert <file>', 'certificate to show to the server, PEM')
    .option('--key <file>', 'key of that certificate, PEM')
    .option('--insecure', 'take any certificate; it is told')
    .option('--prediction <pointer>', 'where in the response the prediction is, such as /outputs/0/label')
    .option('--confidence <pointer>', 'where the confidence is, or the list of probabilities')
    .option('--classes <pointer>', 'where the class names are, in the order of the probabilities')
    .option('--openapi <url>', 'where its OpenAPI document is, where that is not beside the model');

/** The command line of mlfi: one verb, one file. */
export function createProgram(commands: Commands, version: string): Command {
  const program = new Command('mlfi')
    .description('A doctor for machine-learning models in production, native to Grafana and Prometheus.')
    .version(version)
    .showHelpAfterError('(mlfi --help lists the commands)');

  program
    .command('serve')
    .description('watch models: probe, learn, detect, investigate; serve the API and the metrics')
    .option(
      '-c, --config <file>',
      'configuration file (default: MLFI_CONFIG, else mlfi.yml when there is one, else built-in defaults)',
    )
    .action(async (options: { config?: string }) => {
      process.exitCode = await serve(commands, options.config ?? null);
    });

  const investigateVerb = program
    .command('investigate')
    .argument('<url>', 'address of the model, its predict path or its server')
    .description(
      'evaluate a model once; needs no server and no configuration. Exit code: 0 healthy, 1 failing, 2 undecided',
    )
    .option('-n, --samples <number>', 'how many answers to collect', '40');
  withAsking(investigateVerb)
    .option('-t, --timeout <duration>', 'how long to wait for one answer, in seconds or as 500ms, 2s', '10')
    .option('--header <name: value>', 'header of every call; "Name: @file" reads the value from a file', collect, [])
    .option('--json', 'print the diagnosis as JSON')
    .option('--verbose', 'print each call and its response to standard error, without values of headers and parameters')
    .action(async (url: string, options: TypedInvestigation) => {
      process.exitCode = await investigateUrl(commands, url, {
        samples: options.samples,
        timeout: options.timeout,
        json: options.json ?? false,
        verbose: options.verbose ?? false,
        asking: options,
      });
    });

  const config = program.command('config').description('check a configuration file');
  config
    .command('check')
    .argument('<file>')
    .description('check the keys and values of a configuration file, and say where and how they are wrong')
    .option(
      '--online',
      'ask each model, and the brokers of each source, once the way the file says, and tell what came of it',
    )
    .action(async (file: string, options: { online?: boolean }) => {
      process.exitCode = await configCheck(commands, file, options.online === true);
    });

  const audit = program.command('audit').description('verify or export the audit log');
  addServiceAddress(
    audit
      .command('verify')
      .description(
        'check the hash chain of the audit log: of the mlfi that --url or MLFI_URL names, in the store, or offline on an export',
      ),
  )
    .option('-c, --config <file>', 'configuration file that names the store')
    .option('--export <file>', 'an export (JSON lines) to verify without the store')
    .option('--head <hash>', 'hash of the newest entry you know of, to detect truncation')
    .option('--checkpoints <file>', 'checkpoints you hold (signed notes), to detect a cut or rewritten log')
    .option('--key <key>', 'public key the checkpoints must be signed with, as GET /api/v1/audit/checkpoints gives it')
    .option('--earlier <file>', 'an earlier export, to name the first entry that was rewritten')
    .action(async (options: AuditVerifyOptions) => {
      process.exitCode = await auditVerify(commands, options);
    });
  audit
    .command('export')
    .description('write the whole audit log as JSON lines, beside a running service')
    .option('-c, --config <file>', 'configuration file that names the store')
    .action(async (options: { config?: string }) => {
      process.exitCode = await auditExport(commands, options.config ?? null);
    });

  addServiceAddress(
    program
      .command('report')
      .argument('<incident>', 'incident id, or "latest"')
      .description(
        'write the diagnostic report of an incident: of the running mlfi, or from the store of a configuration',
      ),
  )
    .option('-c, --config <file>', 'configuration file that names the store')
    .option('-f, --format <format>', 'markdown, html, json or csv', 'markdown')
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .action(async (incident: string, options: ReportOptions) => {
      process.exitCode = await report(commands, incident, options);
    });

  addImport(program, commands);
  addIncidentVerbs(program);
  addDecisionVerbs(program);
  addKeyVerbs(program, commands);
  addStoreVerbs(program, commands);

  const initVerb = program
    .command('init')
    .description(
      'write a short mlfi.yml for a model, which is asked first: that of --url, or the one you name when asked at a terminal',
    )
    .option('--url <url>', 'address of a model, its predict path or its server')
    .option('--id <id>', 'what to call the model (default: made of its address)');
  withAsking(initVerb)
    .option(
      '--header <name: value>',
      'header of every call; "Name: @file" leaves the value in a file, "Name" in MLFI_SECRET_HEADER_<NAME>',
      collect,
      [],
    )
    .option(
      '--all',
      'write every key with a comment, and ask nothing; so it is without --url where there is no terminal',
    )
    .option('-o, --output <file>', 'where to write it', 'mlfi.yml')
    .option('--force', 'overwrite an existing file')
    .action(async (options: InitOptions) => {
      process.exitCode = await init(commands, options);
    });

  return program;
}
