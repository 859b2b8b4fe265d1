// Keeps many slow clients at a server: node slow-clients-child.mjs <port> <how many>. A quarter each says nothing, dribbles a
// head, dribbles a body, or reads none of an event stream. Who is closed comes again. Says "open" once all have connected.
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const credentials = `host: x\r\nauthorization: Bearer ${KEY}\r\n`;
const FIRST = [
  '',
  'GET / HTTP/1.1\r\nhost: x\r\n',
  `POST /api/v1/models/busy/observations HTTP/1.1\r\n${credentials}content-type: application/json\r\ncontent-length: 100000\r\n\r\n`,
  `GET /api/v1/events HTTP/1.1\r\n${credentials}\r\n`,
];
const sockets = new Map();
let open = 0;

function begin(i) {
  const kind = i % FIRST.length;
  const socket = connect(port, '127.0.0.1', () => {
    open += 1;
    if (open === count) process.stdout.write('open\n');
  });
  socket.on('error', () => undefined);
  if (kind === 3) socket.pause();
  else socket.resume();
  if (FIRST[kind] !== '') socket.write(FIRST[kind]);
  socket.on('close', () => setTimeout(begin, 1_000, i));
  sockets.set(i, socket);
}
for (let i = 0; i < count; i += 1) setTimeout(begin, i / 2, i);
setInterval(() => {
  for (const [i, socket] of sockets) if (i % FIRST.length === 1 || i % FIRST.length === 2) socket.write('a');
}, 2_000);
