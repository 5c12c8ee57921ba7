/** Second factors of OneLogin: how each is proven, and which is preferred. */

/** How a device is proven: with the code it shows, with one that OneLogin sends, or by an approval. */
export type DeviceWay = 'code' | 'sent' | 'push';

/** A device as OneLogin lists it. */
export interface Device {
  readonly id: string;
  /** `device_type`, such as `Google Authenticator`. */
  readonly type: string;
}

/** OneLogin Protect can do both: it asks on the phone, and shows a code. */
const PUSH = 'OneLogin Protect';
const SENT: ReadonlySet<string> = new Set(['OneLogin SMS', 'OneLogin Email', 'OneLogin Voice']);

export const DEFAULT_DEVICE_ORDER: readonly string[] = [
  PUSH,
  'Google Authenticator',
  'Authenticator',
  'Yubico YubiKey',
  'OneLogin SMS',
  'OneLogin Email',
];

export function wayOf({ type }: Device): DeviceWay {
  if (type === PUSH) return 'push';
  return SENT.has(type) ? 'sent' : 'code';
}

/** Those in the order, the preferred ones first. */
export function usableDevices(devices: readonly Device[], order: readonly string[]): readonly Device[] {
  return order.flatMap((type) => devices.filter((device) => device.type === type));
}

/** The one that a code behind the password is of: nothing was sent yet, so it is of one that shows codes. */
export function deviceForCode(devices: readonly Device[], order: readonly string[]): Device | undefined {
  const usable = usableDevices(devices, order).filter((device) => wayOf(device) !== 'sent');
  return usable.find((device) => wayOf(device) === 'code') ?? usable[0];
}
