/** Functions that tell everybody what they were told: by printing, throwing, answering and dying (tests only). */

/** A module whose users' names say what it does. `RIGHT_SHA256` in its environment is the hash of the right password. */
export const INDISCREET_MODULE = `
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';

const grant = { Role: process.env.ROLE, HomeDirectoryType: 'PATH', HomeDirectory: '/bucket/jane' };
const isRight = (text) => createHash('sha256').update(text ?? '').digest('hex') === process.env.RIGHT_SHA256;

function formsOf(event) {
  const password = event.password ?? '';
  return [
    password, JSON.stringify(event), JSON.stringify(JSON.stringify(event)), inspect(event), encodeURIComponent(password),
    new URLSearchParams({ password }).toString(), Buffer.from(password).toString('base64'),
    Buffer.from(password).toString('base64url'), Buffer.from(event.username + ':' + password).toString('base64'),
    Buffer.from(JSON.stringify(event)).toString('base64'),
  ];
}

const behaviours = {
  throws: (event, all) => { throw new Error(all, { cause: new TypeError(event.password) }); },
  names: (event) => { throw Object.assign(new Error('failed'), { name: event.password }); },
  rejects: (event) => Promise.reject(event),
  calls: (event, all, callback) => callback(all),
  hangs: () => new Promise(() => {}),
  exits: (event, all) => { writeSync(2, all); process.exit(3); },
  aborts: () => process.abort(),
  unhandled: (event, all) => { Promise.reject(new Error(all)); return new Promise(() => {}); },
  later: (event, all) => { setTimeout(() => { throw new Error(all); }, 50); return {}; },
  text: (event, all) => all,
  array: (event, all) => [all],
  role: (event) => ({ Role: event.password }),
  arn: (event) => ({ Role: 'arn:aws:iam::000000000000:role/' + encodeURIComponent(event.password) }),
  type: (event) => ({ ...grant, HomeDirectoryType: event.password }),
  home: (event) => ({ ...grant, HomeDirectory: '/bucket/../' + event.password }),
  details: (event) => ({ ...grant, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: event.password }),
  policy: (event) => ({ ...grant, Policy: event.password }),
  challenge: (event) => ({ Challenge: event.password, State: event }),
  nojson: (event) => ({ ...grant, toJSON() { throw new Error(event.password); } }),
  large: (event) => ({ Role: event.password.repeat(400000) }),
};

export function handler(event, context, callback) {
  const forms = formsOf(event);
  const all = forms.join(' ');
  for (const form of forms) { console.log('asked with', form); console.error(form); }
  console.log(event);
  const behaviour = behaviours[event.username];
  if (behaviour !== undefined) return behaviour(event, all, callback);
  return Promise.resolve(isRight(event.password) ? grant : {});
}
`;

/** A program that speaks the Lambda Runtime API and prints, throws and dies with what it was told. */
export const INDISCREET_RUNTIME = `
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/';
for (;;) {
  const response = await fetch(base + 'next');
  const id = response.headers.get('lambda-runtime-aws-request-id');
  const event = await response.json();
  console.log(event, event.password);
  console.error(JSON.stringify(event));
  if (event.username === 'exits') { console.error('leaving', event.password); process.exit(4); }
  const post = (path, body) => fetch(base + id + path, { method: 'POST', body: JSON.stringify(body) });
  if (event.username === 'throws') await post('/error', { errorType: event.password, errorMessage: event.password, stackTrace: [event.password] });
  else await post('/response', event.username === 'text' ? event.password : {});
}
`;
