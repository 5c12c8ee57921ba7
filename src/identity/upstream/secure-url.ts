/** Which URLs passwords, codes and tokens may be sent to. */

import { z } from 'zod';

/** A URL for secrets: with https, or of a loopback address. */
export const secureUrl = z
  .url({ protocol: /^https?$/ })
  .refine(isSecure, {
    error: 'begins with https: secrets are sent there. Only a loopback address may have http',
  })
  .refine((text) => !hasCredentials(text), {
    error: 'holds a user name or a password, which would be sent to nobody and shown to many',
  });

/** Whether nobody between here and there can read what is sent. */
export function isSecure(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || isLoopback(url));
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function hasCredentials(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && `${url.username}${url.password}` !== '';
}
