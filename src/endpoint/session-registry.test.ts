import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RegisteredConnection, SessionRegistry } from './session-registry.ts';

const LIMITS = { maxConnections: 5, maxUnauthenticatedConnections: 3, maxUnauthenticatedPerSource: 2 };

class FakeConnection implements RegisteredConnection {
  readonly sourceIp: string;
  readonly #registry: SessionRegistry;
  isAuthenticated = false;
  hasOpenFiles = false;
  closedWith: string | undefined;

  constructor(registry: SessionRegistry, sourceIp: string) {
    this.#registry = registry;
    this.sourceIp = sourceIp;
    registry.add(this);
  }

  logIn(): void {
    this.#registry.authenticated(this);
    this.isAuthenticated = true;
  }

  close(message: string): void {
    this.closedWith = message;
    this.#registry.remove(this);
  }
}

test('admission - one source, all who are not logged in, and all connections have their own bounds', () => {
  const registry = new SessionRegistry(LIMITS);
  const first = new FakeConnection(registry, '192.0.2.1');
  new FakeConnection(registry, '192.0.2.1');
  assert.equal(registry.refusalFor('192.0.2.1'), 'TOO_MANY_FROM_SOURCE');
  assert.equal(registry.refusalFor('192.0.2.2'), undefined);
  const third = new FakeConnection(registry, '192.0.2.2');
  assert.equal(registry.refusalFor('192.0.2.3'), 'TOO_MANY_UNAUTHENTICATED');
  first.logIn();
  third.logIn();
  assert.equal(registry.refusalFor('192.0.2.1'), undefined);
  new FakeConnection(registry, '192.0.2.3').logIn();
  new FakeConnection(registry, '192.0.2.4').logIn();
  assert.equal(registry.refusalFor('192.0.2.5'), 'TOO_MANY_CONNECTIONS');
  first.close('');
  assert.equal(registry.refusalFor('192.0.2.5'), undefined);
});

test('admission - a connection that leaves before its login frees its place, once', () => {
  const registry = new SessionRegistry(LIMITS);
  const one = new FakeConnection(registry, '192.0.2.1');
  const two = new FakeConnection(registry, '192.0.2.1');
  one.close('');
  one.close('');
  assert.equal(registry.refusalFor('192.0.2.1'), undefined);
  two.close('');
  assert.equal(registry.size, 0);
});

test('drain - idle connections go at once, a transfer may end, and nobody new is taken', async () => {
  const registry = new SessionRegistry(LIMITS);
  const idle = new FakeConnection(registry, '192.0.2.1');
  const busy = new FakeConnection(registry, '192.0.2.1');
  busy.hasOpenFiles = true;
  const drained = registry.drain(10_000);
  assert.ok(idle.closedWith);
  assert.equal(busy.closedWith, undefined);
  assert.equal(registry.refusalFor('192.0.2.9'), 'STOPPING');
  busy.hasOpenFiles = false;
  await drained;
  assert.ok(busy.closedWith);
});

test('drain - a transfer that does not end is cut off after the grace period', async () => {
  const registry = new SessionRegistry(LIMITS);
  const busy = new FakeConnection(registry, '192.0.2.1');
  busy.hasOpenFiles = true;
  const startedMs = performance.now();
  await registry.drain(150);
  assert.ok(busy.closedWith);
  assert.ok(performance.now() - startedMs >= 150);
});
