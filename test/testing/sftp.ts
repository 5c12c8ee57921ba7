/** An SFTP session over a connection of the test client. */

import { SftpClient } from '../../src/sftp/testing/sftp-client.ts';
import { Message } from '../../src/ssh/message.ts';
import type { TestClient } from '../../src/ssh/testing/client.ts';

/** The returned client is fed until the connection ends. */
export async function openSftp(client: TestClient): Promise<SftpClient> {
  const channel = await client.openSubsystem('sftp');
  const sftp = new SftpClient((packet) => client.sendData(channel, packet));
  const feed = async (): Promise<void> => {
    for (let next = await client.next(); next !== undefined; next = await client.next()) {
      if (next.number !== Message.CHANNEL_DATA) continue;
      next.message.uint32();
      sftp.receive(next.message.string());
    }
  };
  void feed();
  await sftp.init();
  return sftp;
}
