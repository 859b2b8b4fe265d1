/** What a call that failed says of itself, and the one thing to do about it where its kind leaves that open. */
const BY_WORDS: readonly (readonly [said: RegExp, advice: string])[] = [
  [/^the answer is an empty list|^the list at \S+ is empty/, 'Give a payload with which the model finds something.'],
  [
    /^no prediction was found in the answer, which says “/,
    'Read what the server says; if it is about the input, give one payload the model takes.',
  ],
  [
    /^the prediction at \S+ is null/,
    'Give a payload of which the model makes a prediction; if it makes one of this, read the log of the server.',
  ],
  [
    /^the answer holds NaN or Infinity/,
    'Let the server answer null where it makes no number (JSON has no NaN), or give a payload of which it makes one.',
  ],
  [
    /^the server closed the connection without an answer/,
    'Check the port, and whether it speaks TLS: give the address with https:// if it does. Else read the log of the server.',
  ],
  [
    /^what answers at this port does not speak HTTP/,
    'Check the port: something else than the model’s HTTP server listens there.',
  ],
  [/^the server broke off in the middle/, 'Find out what cuts the answer off: the server, or a proxy before it.'],
  [
    /^the server answered 3\d\d: it redirects the address to itself/,
    'Look at the redirects of the server, or of the proxy before it: nobody can follow one to itself.',
  ],
  [/certificate of the server has expired/, 'Renew the certificate on the server.'],
  [
    /certificate of the server is not valid yet/,
    'Check the clock of this machine, and from when on the certificate is valid.',
  ],
  [
    /certificate of the server is for another host name/,
    'Give the address by a name that the certificate is for, or have one issued for this name.',
  ],
  [
    /^addresses with a user name or password/,
    'Leave them out of the address and give them as an Authorization header, whose value comes from a file or a secret.',
  ],
  [/^the answer is empty/, 'Give the address of the path that predicts: this one answers without a word.'],
  [/^the answer is JSON that breaks off/, 'Find out what cuts the answer off: the server, or a proxy before it.'],
  [/^the answer is XML/, 'Let the server answer JSON, or give the address that does.'],
  [
    /^the answer is not JSON: “Traceback/,
    'Read the log of the server: it failed on this payload. Give one the model takes.',
  ],
  [
    /^the answer is an HTML page \(“[^”]*\b(?:log[ -]?in|sign[ -]?in|single sign-on)\b/i,
    'Give the credentials the server asks for: a header whose value comes from a file or a secret.',
  ],
  [
    /^the answer is an HTML page \(“(?:just a moment|attention required|access denied|checking your browser)/i,
    'Let mlfi’s calls through whatever stands before the server and keeps programs out, or give the address behind it.',
  ],
  [/^the answer is an HTML page \(“ERROR: /, 'Look at the proxy between mlfi and the server: it answers in its place.'],
];

const FIELDS = /^no prediction was found in the answer \(fields: ([^()]*)/;
const FIELD = /(?:^|,)([^,:[\]\s]+):(?:number|string|boolean)/g;
/** Fields that tell of the call. */
const OF_CALL = /(^|[._])(id|uuid|status|message|model|version|time|timestamp|date)$/i;

/** Which of its fields may be pointed to, in an answer in which no prediction was found. */
function pointing(detail: string): string | null {
  const [, fields = ''] = FIELDS.exec(detail) ?? [];
  const field = [...fields.matchAll(FIELD)].map(([, name = '']) => name).find((name) => !OF_CALL.test(name));
  if (field === undefined) return null;
  return `Say where in its response the prediction is, such as /${field.replaceAll('.', '/')}, if this is a model.`;
}

/** The one thing to do about a failed call that says more than its kind; null for any other. */
export const advisedByWords = (detail: string): string | null =>
  BY_WORDS.find(([said]) => said.test(detail))?.[1] ?? pointing(detail);
