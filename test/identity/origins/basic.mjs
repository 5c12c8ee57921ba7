/** What the basic template of origin text 002 describes: one user, with a password or a key, in a bucket. Also asked about: bobusa. */

const grant = {
  Role: process.env.ROLE,
  HomeDirectoryType: 'LOGICAL',
  HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target: '/bucket/${transfer:UserName}' }]),
};

export const handler = async (event) => {
  if (event.username === 'bobusa') return isEventOfTheText(event) ? grant : {};
  if (event.username !== 'myuser') return {};
  if (!event.password) return { ...grant, PublicKeys: [process.env.PUBLIC_KEY] };
  return event.password === 'MySuperSecretPassword' ? grant : {};
};

/** "Event message structure": these members, all of them text, and no others. */
function isEventOfTheText({ username, password, protocol, serverId, sourceIp, ...others }) {
  return (
    username === 'bobusa' &&
    password === 'mysecretpassword' &&
    protocol === 'SFTP' &&
    serverId === process.env.SERVER_ID &&
    sourceIp === '127.0.0.1' &&
    Object.keys(others).length === 0
  );
}
