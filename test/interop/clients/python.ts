/** How the drivers on Python libraries are started. */

import { type Driver, installed, source } from './driver.ts';

/** Its own environment, because Debian's packages of the libraries are years old. */
const PYTHON = installed('venv/bin/python');

export function pythonDriver(library: string): Driver {
  return {
    program: PYTHON,
    args: [source(`python/${library}_client.py`)],
    needs: PYTHON,
    version: {
      args: ['-c', `import ${library}; print('version', ${library}.__version__)`],
      pattern: /^version (\S+)/m,
    },
  };
}
