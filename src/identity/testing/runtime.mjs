/** A runtime that speaks the Lambda Runtime API, with nothing but fetch: the user's name says what it does (tests only). */

const { AWS_LAMBDA_RUNTIME_API: api } = process.env;
const base = `http://${api}/2018-06-01/runtime`;
const [mode = 'good'] = process.argv.slice(2);

if (mode === 'init-error') {
  await post('init/error', { errorType: 'Runtime.ImportModuleError', errorMessage: 'no module named x' });
  process.exit(1);
}
if (mode === 'silent') setInterval(() => {}, 1000);
else for (let count = 1; ; count += 1) await serve(count);

async function serve(count) {
  const response = await fetch(`${base}/invocation/next`);
  if (response.status !== 200) process.exit(9);
  const event = await response.json();
  const requestId = response.headers.get('Lambda-Runtime-Aws-Request-Id');
  const { username } = event;
  if (username === 'throws')
    return post(`invocation/${requestId}/error`, {
      errorType: 'KeyError',
      errorMessage: `no ${event.password}`,
    });
  if (username === 'hangs') await new Promise(() => setInterval(() => {}, 1000));
  if (username === 'slow') await new Promise((resolve) => setTimeout(resolve, 500));
  if (username === 'exits') process.exit(7);
  if (username === 'greedy') return;
  if (username === 'prints') console.log(`got ${event.password}`);
  if (username === 'nothing') return send(`invocation/${requestId}/response`, '');
  if (username === 'text') return send(`invocation/${requestId}/response`, 'not json');
  if (username === 'much') return send(`invocation/${requestId}/response`, JSON.stringify('x'.repeat(7e6)));
  if (username === 'stranger') {
    const other = await fetch(`${base}/invocation/00000000-0000-4000-8000-000000000000/response`, {
      method: 'POST',
      body: '{"Role":"x"}',
    });
    return post(`invocation/${requestId}/response`, { status: other.status });
  }
  if (username === 'parent') {
    const { spawn } = await import('node:child_process');
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    return post(`invocation/${requestId}/response`, { pid: child.pid });
  }
  return post(`invocation/${requestId}/response`, {
    event,
    count,
    pid: process.pid,
    folder: process.cwd(),
    environment: process.env,
    headers: Object.fromEntries(response.headers),
  });
}

function post(path, body) {
  return send(path, JSON.stringify(body));
}

async function send(path, body) {
  await fetch(`${base}/${path}`, { method: 'POST', body });
}
