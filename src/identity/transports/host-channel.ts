/** The channel of a host process to the server, and how the process behaves when somebody stops one of the two. */

export interface HostChannel<Message> {
  send(message: Message): void;
}

/**
 * Takes the channel away from whatever code runs in this process: code that looks for `process.send` believes it was
 * forked by its own kind.
 */
export function openHostChannel<Message extends object>(): HostChannel<Message> {
  // Ctrl-C in a terminal and a stopping service manager signal the whole process group. The server drains first: logins in
  // progress still need their function. It ends this process itself, or this process ends when the channel closes.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  const send = process.send?.bind(process);
  if (send === undefined) throw new Error('this file is started by the server, not by hand');
  Reflect.deleteProperty(process, 'send');
  // Without a callback a channel that closes meanwhile would throw; its end is dealt with where it is listened for.
  return { send: (message) => void send(message, undefined, {}, () => {}) };
}
