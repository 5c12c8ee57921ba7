/** The host keys of this installation: made at first start, kept in the data folder. */

import { HostKey, type HostKeyType } from '../ssh/index.ts';
import { type DataFolder, DataFolderError } from './data-folder.ts';

const FOLDER = 'host-keys';
const TYPES: readonly HostKeyType[] = ['ed25519', 'ecdsa-p256', 'rsa-3072'];

/** One key of each type. @throws DataFolderError naming a key file that cannot be read as one */
export async function openHostKeys(data: DataFolder): Promise<readonly HostKey[]> {
  return Promise.all(TYPES.map((type) => openHostKey(data, type)));
}

async function openHostKey(data: DataFolder, type: HostKeyType): Promise<HostKey> {
  const names = [FOLDER, `${type}.pem`];
  const { text } = await data.keep(names, () => HostKey.generatePem(type));
  try {
    return HostKey.fromPem(text);
  } catch (cause) {
    const path = data.pathOf(...names);
    throw new DataFolderError(
      `${path}: is not a private key in PEM form; restore it, or remove it to get a new one`,
      {
        cause,
      },
    );
  }
}
