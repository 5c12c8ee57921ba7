/** The page at which a user code is entered, for people who try the simulator out. */

import type { Exchange, Reply } from '../exchange.ts';
import type { DeviceCodes } from './device-codes.ts';

export function devicePage({ method, body }: Exchange, codes: DeviceCodes): Reply {
  if (method !== 'POST') return page(FORM);
  const form = new URLSearchParams(body);
  const name = form.get('name')?.trim() ?? '';
  const isKnown = codes.decide(form.get('code')?.trim().toUpperCase() ?? '', name === '' ? undefined : name);
  return page(isKnown ? '<p>Done. Go back to your client.' : '<p>There is no such code.');
}

const FORM =
  '<form method="post"><p>Code <input name="code" autofocus>' +
  '<p>Log in as (nobody declines) <input name="name" placeholder="jdoe@contoso.example"><p><button>Go on</button></form>';

function page(content: string): Reply {
  const text = `<!doctype html><meta charset="utf-8"><title>Simulated sign-in</title>${content}`;
  return { status: 200, text, headers: { 'content-type': 'text/html; charset=utf-8' } };
}
